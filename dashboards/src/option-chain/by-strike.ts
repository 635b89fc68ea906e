import { CALL, PUT } from '../shared/colours.js';
import { asText, only } from '../shared/fields.js';
import { colour, named, unit } from '../shared/overrides.js';
import { barChart, columns, type Words } from '../shared/panels.js';
import { tickscope } from '../shared/queries.js';
import { COUNT, POINTS, RATIO } from '../shared/units.js';

/** Two bars a strike: calls and puts. Everything else of the frame is left out before it reaches the chart. */
function pairs(words: Words, view: 'oi' | 'matrix', call: string, put: string, unitId: string) {
  const panel = barChart(
    words,
    'strike',
    tickscope({
      queryType: 'chain',
      view,
      underlying: '$underlying',
      expiry: '$expiry',
      strikes: '$strikes',
    }),
  )
    .withTransformation(only('strike', call, put))
    .withTransformation(asText('strike'))
    .xTickLabelRotation(-45)
    .xTickLabelSpacing(40);
  return columns(panel, {
    // The chart finds its x field by name or by shown name, depending on Grafana's version: here they are one.
    strike: [...named('strike'), ...unit(POINTS, 0), { id: 'noValue', value: ' ' }],
    [call]: [...named('Calls'), ...unit(unitId), ...colour(CALL)],
    [put]: [...named('Puts'), ...unit(unitId), ...colour(PUT)],
  });
}

export const openInterest = () =>
  pairs(
    {
      title: 'Open interest by strike',
      description: 'Where options are written: tall calls act as a ceiling, tall puts as a floor.',
      empty: 'No open interest of this expiry',
    },
    'oi',
    'call_oi',
    'put_oi',
    COUNT,
  );

export const change = () =>
  pairs(
    {
      title: 'Change of open interest today',
      description: 'Contracts opened (up) and closed (down) since the previous close, by strike.',
      empty: 'No open interest of this expiry',
    },
    'oi',
    'call_oi_change',
    'put_oi_change',
    COUNT,
  );

export const smile = () =>
  pairs(
    {
      title: 'Implied volatility by strike',
      description: 'The volatility that prices imply: a steep left side is fear of a fall.',
      empty: 'No price implies a volatility here',
    },
    'matrix',
    'call_iv',
    'put_iv',
    RATIO,
  );
