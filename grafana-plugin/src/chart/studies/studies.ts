import { BollingerBands, EMA, MACD, RSI, SMA, SuperTrend, TradingSignal } from 'trading-signals';
import type { Bar } from '../bar';
import { SessionVwap } from './session-vwap';
import type { Study, StudyRun, StudySettings, Values } from './study';

/*
 * Indicators come from `trading-signals` (MIT, TypeScript, no dependencies, published since 2019 and last in
 * September 2026, tested against other libraries' values): its `update(value, replace)` is what a candle in progress
 * needs. `technicalindicators`, the older choice, has no replace and drags in @types/node 6.
 */

/** Usual settings, where a dashboard names none. */
export const DEFAULTS = {
  sma: { period: 20 },
  ema: { period: 20 },
  bollinger: { period: 20, multiplier: 2 },
  rsi: { period: 14 },
  macd: { fast: 12, slow: 26, signal: 9 },
  supertrend: { period: 10, multiplier: 3 },
} as const;

const LONGEST_PERIOD = 5_000;

/** A whole number from 1 to 5000; anything else is the usual setting. */
function period(value: number | undefined, usual: number): number {
  const whole = Math.floor(value ?? Number.NaN);
  return whole >= 1 && whole <= LONGEST_PERIOD ? whole : usual;
}

function positive(value: number | undefined, usual: number): number {
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : usual;
}

/** The study of a dashboard's settings; undefined for a type that this version does not know. */
export function studyOf(settings: StudySettings): Study | undefined {
  const bare = bareStudy(settings);
  if (!bare) return undefined;
  const id = `${bare.title}|${settings.color ?? ''}`;
  return settings.color ? { ...bare, id, color: settings.color } : { ...bare, id };
}

function bareStudy(settings: StudySettings): Omit<Study, 'id'> | undefined {
  switch (settings.type) {
    case 'vwap':
      return {
        title: 'VWAP',
        placement: 'price',
        drawn: 'session-line',
        outputs: ['VWAP'],
        run: () => new SessionVwap(),
      };
    case 'sma':
    case 'ema': {
      const n = period(settings.period, DEFAULTS[settings.type].period);
      const title = `${settings.type.toUpperCase()} ${n}`;
      const create = settings.type === 'sma' ? () => new SMA(n) : () => new EMA(n);
      return {
        title,
        placement: 'price',
        drawn: 'line',
        outputs: [title],
        run: () => ofClose(settled(create(), n)),
      };
    }
    case 'bollinger': {
      const n = period(settings.period, DEFAULTS.bollinger.period);
      const width = positive(settings.multiplier, DEFAULTS.bollinger.multiplier);
      return {
        title: `BB ${n}, ${width}`,
        placement: 'price',
        drawn: 'band',
        outputs: ['lower', 'middle', 'upper'],
        run: () => {
          const bands = new BollingerBands(n, width);
          return ofClose((close, again) => {
            const result = bands.update(close, again);
            return result ? [result.lower, result.middle, result.upper] : [null, null, null];
          });
        },
      };
    }
    case 'rsi': {
      const n = period(settings.period, DEFAULTS.rsi.period);
      return {
        title: `RSI ${n}`,
        placement: 'pane',
        drawn: 'oscillator',
        outputs: [`RSI ${n}`],
        run: () => {
          const rsi = new RSI(n);
          return ofClose((close, again) => [rsi.update(close, again)]);
        },
      };
    }
    case 'macd': {
      const fast = period(settings.fast, DEFAULTS.macd.fast);
      const slow = Math.max(fast + 1, period(settings.slow, DEFAULTS.macd.slow));
      const signal = period(settings.signal, DEFAULTS.macd.signal);
      return {
        title: `MACD ${fast}, ${slow}, ${signal}`,
        placement: 'pane',
        drawn: 'macd',
        outputs: ['MACD', 'signal', 'histogram'],
        run: () => {
          const macd = new MACD(new EMA(fast), new EMA(slow), new EMA(signal));
          return ofClose((close, again) => {
            const result = macd.update(close, again);
            return result ? [result.macd, result.signal, result.histogram] : [null, null, null];
          });
        },
      };
    }
    case 'supertrend': {
      const n = period(settings.period, DEFAULTS.supertrend.period);
      const factor = positive(settings.multiplier, DEFAULTS.supertrend.multiplier);
      return {
        title: `Supertrend ${n}, ${factor}`,
        placement: 'price',
        drawn: 'trend',
        outputs: ['Supertrend'],
        run: () => {
          const trend = new SuperTrend({ interval: n, multiplier: factor });
          const read = (bar: Bar, again: boolean): Values => {
            const result = trend.update({ high: bar.high, low: bar.low, close: bar.close }, again);
            return result
              ? [result.supertrend, result.trend === TradingSignal.BULLISH ? 1 : -1]
              : [null, null];
          };
          return { add: (bar) => read(bar, false), replace: (bar) => read(bar, true) };
        },
      };
    }
    default:
      return undefined;
  }
}

function ofClose(update: (close: number, again: boolean) => Values): StudyRun {
  return { add: (bar) => update(bar.close, false), replace: (bar) => update(bar.close, true) };
}

/** The library's moving averages give a first guess from the first price on; charts begin after a full period. */
function settled(
  average: { update(price: number, replace: boolean): number | null },
  needed: number,
): (close: number, again: boolean) => Values {
  let seen = 0;
  return (close, again) => {
    if (!again || seen === 0) seen++;
    const value = average.update(close, again);
    return [seen >= needed ? value : null];
  };
}
