import type { CandleInterval } from '../broker/broker.js';
import type { Settings } from './settings.js';

/** Ages in days; 0 keeps for ever (compression: never). */
export interface Retention {
  readonly ticksDays: number;
  readonly depthDays: number;
  /** Candles of ticks, of the broker and merged ones alike. */
  readonly candlesDays: Readonly<Record<CandleInterval, number>>;
  readonly compressTicksAfterDays: number;
  readonly compressDepthAfterDays: number;
}

/** `RETENTION=lean`: enough for charts, small on disk. */
const LEAN_DAYS: Readonly<Record<CandleInterval, number>> = {
  '1m': 30,
  '5m': 90,
  '15m': 183,
  '1h': 365,
  '1d': 0,
};

const CANDLE_SETTING = {
  '1m': 'RETENTION_CANDLES_1M_DAYS',
  '5m': 'RETENTION_CANDLES_5M_DAYS',
  '15m': 'RETENTION_CANDLES_15M_DAYS',
  '1h': 'RETENTION_CANDLES_1H_DAYS',
  '1d': 'RETENTION_CANDLES_1D_DAYS',
} as const satisfies Record<CandleInterval, keyof Settings>;

/** An age that is set (`env` has it) wins over `RETENTION=lean`. */
export function retentionOf(
  settings: Settings,
  env: Readonly<Record<string, string | undefined>>,
): Retention {
  const candleDays = (interval: CandleInterval) => {
    const name = CANDLE_SETTING[interval];
    return settings.RETENTION === 'lean' && !env[name] ? LEAN_DAYS[interval] : settings[name]!;
  };
  return {
    ticksDays: settings.RETENTION_TICKS_DAYS!,
    depthDays: settings.RETENTION_DEPTH_DAYS!,
    candlesDays: {
      '1m': candleDays('1m'),
      '5m': candleDays('5m'),
      '15m': candleDays('15m'),
      '1h': candleDays('1h'),
      '1d': candleDays('1d'),
    },
    compressTicksAfterDays: settings.COMPRESS_TICKS_AFTER_DAYS!,
    compressDepthAfterDays: settings.COMPRESS_DEPTH_AFTER_DAYS!,
  };
}
