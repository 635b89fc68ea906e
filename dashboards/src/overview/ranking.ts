import { CALM, DOWN, MUTED, UP, WATCH } from '../shared/colours.js';
import { toInstrument } from '../shared/links.js';
import {
  align,
  bar,
  cell,
  change,
  hidden,
  limits,
  named,
  type Properties,
  signed,
  symbolOnly,
  unit,
  width,
  words,
} from '../shared/overrides.js';
import { columns, table, type Words } from '../shared/panels.js';
import { type TickscopeQuery, tickscope } from '../shared/queries.js';
import { words as mapped } from '../shared/thresholds.js';
import { COUNT, PERCENT, POINTS } from '../shared/units.js';

const ROWS = 15;
const name = (exchange: string): Properties => [
  ...named('Instrument'),
  ...symbolOnly(),
  ...toInstrument(exchange),
  ...align('left'),
];
const price = (text: string): Properties => [...named(text), ...unit(POINTS, 2), ...width(90)];
const UNSHOWN = { change: hidden(), open: hidden(), high: hidden(), low: hidden(), reference: hidden() };

function movers(
  words: Words,
  query: Pick<TickscopeQuery, 'by' | 'window'>,
  looks: Record<string, Properties>,
) {
  return columns(
    table(
      words,
      tickscope({
        queryType: 'movers',
        view: 'movers',
        segment: 'NSE',
        instrumentType: 'EQ',
        limit: ROWS,
        ...query,
      }),
    ),
    {
      instrument: name('NSE'),
      last_price: price('Last'),
      change_percent: [...change('Change'), ...width(80)],
      volume: [...named('Volume'), ...unit(COUNT, 1), ...width(90)],
      volume_ratio: hidden(),
      ...UNSHOWN,
      ...looks,
    },
  );
}

export const lastMinute = () =>
  movers(
    {
      title: 'Moving now: the last minute',
      description:
        'Stocks by the size of their move against their close a minute ago. Click one for its chart.',
      empty: 'Nothing moved in the last minute',
    },
    { by: 'absolute', window: '1m' },
    { volume: hidden() },
  );

export const gainers = () =>
  movers(
    {
      title: 'Gainers of the day',
      description: 'Stocks by their rise against the previous close.',
      empty: 'No stock has traded today',
    },
    { by: 'gainers', window: 'day' },
    {},
  );

export const losers = () =>
  movers(
    {
      title: 'Losers of the day',
      description: 'Stocks by their fall against the previous close.',
      empty: 'No stock has traded today',
    },
    { by: 'losers', window: 'day' },
    {},
  );

export const sinceOpen = () =>
  movers(
    {
      title: 'Gainers from open to now',
      description:
        "Stocks by their rise since today's open: what buyers did during the session, the overnight gap left out.",
      empty: 'No stock has traded today',
    },
    { by: 'gainers', window: 'open' },
    { open: price('Open'), volume: hidden(), change_percent: [...change('Since open'), ...width(100)] },
  );

export const volume = () =>
  movers(
    {
      title: 'Volume against its 5-day mean',
      description:
        "Today's volume over the mean of the five sessions before: 1 is a usual whole day, so early in the day small is normal.",
      empty: 'No volume yet, or fewer than five sessions recorded',
    },
    { by: 'volume_ratio', window: 'day' },
    {
      last_price: hidden(),
      volume_ratio: [
        ...bar('× mean', CALM, 'suffix:×'),
        { id: 'decimals', value: 2 },
        ...limits(CALM, [1, WATCH], [2, UP]),
        { id: 'color', value: { mode: 'thresholds' } },
      ],
    },
  );

export const volatility = () =>
  columns(
    table(
      {
        title: 'Volatility of 30 sessions',
        description:
          'Deviation of daily returns over the last 30 sessions, per year: how much a stock usually moves.',
        empty: 'Fewer than 30 days recorded',
      },
      tickscope({
        queryType: 'movers',
        view: 'volatility',
        segment: 'NSE',
        instrumentType: 'EQ',
        limit: ROWS,
      }),
    ),
    {
      instrument: name('NSE'),
      volatility_percent: [
        ...bar('A year', CALM, PERCENT),
        { id: 'decimals', value: 1 },
        ...limits(CALM, [30, WATCH], [50, DOWN]),
        { id: 'color', value: { mode: 'thresholds' } },
      ],
      last_price: price('Last'),
    },
  );

/** Price and open interest together tell who opens and who closes. */
const BUILD_UP = mapped({
  long_buildup: { text: 'Long build-up', color: UP },
  short_covering: { text: 'Short covering', color: '#8FD9C8' },
  short_buildup: { text: 'Short build-up', color: DOWN },
  long_unwinding: { text: 'Long unwinding', color: '#F7A9A7' },
});

export const buildUp = () =>
  columns(
    table(
      {
        title: 'Open interest build-up in futures',
        description:
          'Price up and OI up: new longs. Price down and OI up: new shorts. Price up and OI down: shorts cover. Price down and OI down: longs leave. By the size of the change in OI.',
        empty: 'No future has traded today',
      },
      tickscope({
        queryType: 'movers',
        view: 'buildup',
        segment: 'NFO-FUT',
        instrumentType: 'FUT',
        limit: ROWS,
      }),
    ),
    {
      instrument: name('NFO'),
      buildup: [...named('Who acts'), ...words(BUILD_UP), ...cell('color-text'), ...width(130)],
      change_percent: [...change('Price'), ...width(75)],
      open_interest: hidden(),
      oi_change: [...signed('OI change'), ...width(90)],
      oi_change_percent: [...change('OI'), ...limits(MUTED), ...unit(PERCENT, 1), ...width(70)],
    },
  );
