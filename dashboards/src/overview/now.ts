import { VizOrientation } from '@grafana/grafana-foundation-sdk/common';
import { candles } from '../shared/candles.js';
import { BAD, CALM, DOWN, GOOD, MUTED, REGIME, UP, WATCH } from '../shared/colours.js';
import { toDashboard, UID } from '../shared/links.js';
import { limits, link, unit, words } from '../shared/overrides.js';
import { facts, timeSeries } from '../shared/panels.js';
import { instant, tickscope } from '../shared/queries.js';
import { nothing, regimeWords } from '../shared/thresholds.js';
import { COUNT, PERCENT, POINTS, RATIO } from '../shared/units.js';
import { bands } from '../shared/vix-bands.js';

/** A histogram below candles stays behind them. */
const FAINT = 'rgba(138, 184, 255, 0.5)';
const RISE_OR_FALL = limits(DOWN, [-0.005, MUTED], [0.005, UP]);

/** Last value and change of an index, live. */
export const index = (title: string, instrument: string) =>
  facts(
    {
      title,
      description: `Last value of ${title} and its change against the previous close. Click for its chart.`,
      empty: 'No value: is Tickscope running?',
    },
    [
      ['last_price', 'Last', [...unit(POINTS, 2), ...limits(CALM)]],
      ['change_percent', 'Day', [...unit(PERCENT, 2), ...RISE_OR_FALL]],
    ],
    tickscope({ queryType: 'ticks', view: 'quote', instruments: [instrument], stream: true }),
  )
    .orientation(VizOrientation.Auto)
    .overrideByName(
      'last_price',
      link(
        'Open the instrument',
        toDashboard(UID.instrument, { exchange: 'NSE', instrument: encodeURIComponent(instrument) }),
      ),
    );

export const fear = () =>
  facts(
    {
      title: 'India VIX',
      description:
        'Expected volatility of NIFTY over 30 days, in per cent a year. Regime by the mean of the last 20 minutes: LOW below 15, NORMAL below 25, HIGH below 35, EXTREME above (the default limits).',
      empty: 'No value: is Tickscope running?',
    },
    [
      [
        'value',
        'VIX',
        [
          ...unit(POINTS, 2),
          ...limits(REGIME.LOW, [15, REGIME.NORMAL], [25, REGIME.HIGH], [35, REGIME.EXTREME]),
        ],
      ],
      // A rising VIX is fear rising: red.
      ['change_percent', 'Day', [...unit(PERCENT, 2), ...limits(UP, [-0.005, MUTED], [0.005, DOWN])]],
      ['regime', 'Regime', words(regimeWords())],
    ],
    tickscope({ queryType: 'vix', view: 'now' }),
  )
    .orientation(VizOrientation.Auto)
    .overrideByName('value', link('Open India VIX', toDashboard(UID.vix)));

export const breadth = () =>
  facts(
    {
      title: 'Breadth',
      description:
        'How many NSE stocks stand above, below and at their previous close; the ratio is advances over declines, above 1 the many rise.',
      empty: 'No stock has traded today, or Tickscope does not run',
    },
    [
      ['advances', 'Advances', [...unit(COUNT, 0), ...limits(UP)]],
      ['declines', 'Declines', [...unit(COUNT, 0), ...limits(DOWN)]],
      ['unchanged', 'Unchanged', [...unit(COUNT, 0), ...limits(MUTED)]],
      ['ratio', 'Ratio', [...unit(POINTS, 2), ...limits(DOWN, [0.8, MUTED], [1.25, UP])]],
    ],
    tickscope({ queryType: 'movers', view: 'breadth', segment: 'NSE' }),
  ).orientation(VizOrientation.Auto);

export const health = () =>
  facts(
    {
      title: 'Data',
      description:
        'Feed: connections that are open over those there are. Complete: session seconds of today that were heard or healed. Click for what is missing.',
      empty: 'Prometheus has no data of Tickscope',
    },
    [
      ['feed', 'Feed', [...unit(RATIO, 0), ...limits(BAD, [1, GOOD]), ...words(nothing('no feed'))]],
      ['complete', 'Complete', [...unit(RATIO, 1), ...limits(BAD, [0.95, WATCH], [0.99, GOOD])]],
    ],
    instant('avg(tickscope_feed_connected)', 'feed'),
    instant('min(tickscope_day_completeness_ratio)', 'complete'),
  )
    .orientation(VizOrientation.Auto)
    .overrideByName('complete', link('Open data quality', toDashboard(UID.quality)))
    .overrideByName('feed', link('Open pipeline health', toDashboard(UID.pipeline)));

export const chart = () =>
  candles(
    {
      title: '$index, with the volume of $future',
      description:
        'Candles of the index; an index has no volume of its own, so the histogram below is that of its nearest future. Closed hours are left out; holes and healed candles look different and say why on hover.',
      empty: 'No candles in this range: was the market closed? Choose a longer range',
    },
    {
      volume: 'off',
      series: [{ field: 'volume', placement: 'pane', style: 'histogram', color: FAINT }],
      indicators: [{ type: 'ema', period: 20, color: WATCH }],
    },
    tickscope({ queryType: 'candles', instruments: ['$index'], interval: 'auto', stream: true }),
    tickscope({ queryType: 'candles', instruments: ['$future'], interval: 'auto', field: 'volume' }),
  ).maxDataPoints(180);

export const volatility = () =>
  bands(
    timeSeries(
      {
        title: 'India VIX and its regimes',
        description:
          'India VIX by the minute on the bands of its regimes: LOW below 15, NORMAL below 25, HIGH below 35, EXTREME above.',
        empty: 'No value of India VIX in this range',
      },
      tickscope({ queryType: 'vix', view: 'series', field: 'value' }),
    ),
  );
