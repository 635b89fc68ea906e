import { CALL, MUTED, PUT } from '../shared/colours.js';
import { toInstrument } from '../shared/links.js';
import {
  align,
  bar,
  change,
  hidden,
  limits,
  named,
  type Properties,
  signed,
  unit,
  width,
} from '../shared/overrides.js';
import { columns, table } from '../shared/panels.js';
import { tickscope } from '../shared/queries.js';
import { COUNT, POINTS, RATIO } from '../shared/units.js';

/** The narrow columns of one side; a space keeps the two sides' names apart. */
const side = (which: 'call' | 'put', hex: string): Record<string, Properties> => {
  const mark = which === 'call' ? '' : ' ';
  return {
    [`${which}_oi`]: [...bar(`OI${mark}`, hex), { id: 'decimals', value: 1 }],
    [`${which}_oi_change`]: [...signed(`OI chg${mark}`), ...width(80)],
    [`${which}_volume`]: [...named(`Volume${mark}`), ...unit(COUNT, 1), ...limits(MUTED), ...width(72)],
    [`${which}_iv`]: [...named(`IV${mark}`), ...unit(RATIO, 1), ...width(56)],
    [`${which}_change_percent`]: [...change(`Chg${mark}`, 1), ...width(62)],
    [`${which}_ltp`]: [
      ...named(which === 'call' ? 'CALL' : 'PUT'),
      ...unit(POINTS, 2),
      ...toInstrument('NFO', `${which}_instrument`),
      ...width(68),
    ],
    [`${which}_instrument`]: hidden(),
  };
};

export const matrix = () =>
  columns(
    table(
      {
        title: 'CE | strike | PE',
        description:
          'Calls on the left, puts on the right of their strike. Bars show open interest; IV is the volatility that the price implies. Click a price to open that option.',
        empty: 'No options of this expiry are recorded: choose another expiry',
      },
      tickscope({
        queryType: 'chain',
        view: 'matrix',
        underlying: '$underlying',
        expiry: '$expiry',
        strikes: '$strikes',
      }),
    ),
    {
      ...side('call', CALL),
      strike: [
        ...named('Strike'),
        ...unit(POINTS, 0),
        ...align('center'),
        ...width(64),
        ...limits('super-light-yellow'),
        { id: 'custom.displayMode', value: 'color-text' },
      ],
      ...side('put', PUT),
    },
  );
