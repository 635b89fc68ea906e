import {
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  SpecialValueMatch,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { BAD, DOWN, GOOD, MUTED, REGIME, UP, WATCH } from './colours.js';

/** Colour from each value on; the first colour holds below the first value. */
export function steps(
  base: string,
  ...from: Array<[value: number, colour: string]>
): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: base }, ...from.map(([value, color]) => ({ value, color }))]);
}

/** Red below 0, green above, grey in the dead middle. */
export const upDown = () => steps(DOWN, [-0.005, MUTED], [0.005, UP]);
/** One colour whatever the value. */
export const plain = (colour: string) => steps(colour);
/** Good until `watch`, bad from `bad`: latencies, queues, lags. */
export const lowIsGood = (watch: number, bad: number) => steps(GOOD, [watch, WATCH], [bad, BAD]);
/** Bad below `watch`, good from `good`: completeness, room under a limit. */
export const highIsGood = (watch: number, good: number) => steps(BAD, [watch, WATCH], [good, GOOD]);
/** The regimes' limits: 15, 25, 35. */
export const vixRegimes = () =>
  steps(REGIME.LOW, [15, REGIME.NORMAL], [25, REGIME.HIGH], [35, REGIME.EXTREME]);

export const byThreshold = () => new FieldColorBuilder().mode(FieldColorModeId.Thresholds);
export const fixed = (colour: string) =>
  new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(colour);
export const palette = () => new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic);

/** Words instead of values, each with its colour. */
export function words(named: Record<string, { text?: string; color?: string }>): ValueMapping {
  return {
    type: MappingType.ValueToText,
    options: Object.fromEntries(
      Object.entries(named).map(([value, result], index) => [value, { ...result, index }]),
    ),
  };
}

/** What an empty cell says. */
export function nothing(text: string): ValueMapping {
  return {
    type: MappingType.SpecialValue,
    options: { match: SpecialValueMatch.NullAndNan, result: { text, color: MUTED } },
  };
}

export const regimeWords = () =>
  words({
    LOW: { color: REGIME.LOW },
    NORMAL: { color: REGIME.NORMAL },
    HIGH: { color: REGIME.HIGH },
    EXTREME: { color: REGIME.EXTREME },
  });

export const trendWords = () =>
  words({
    UP: { text: '▲ up', color: BAD },
    DOWN: { text: '▼ down', color: GOOD },
    STABLE: { text: '● stable', color: MUTED },
  });

/** What the ledger says of a hole, in words. */
export const HOLE_STATUS = words({
  open: { color: WATCH },
  PENDING: { text: 'waiting', color: WATCH },
  IN_PROGRESS: { text: 'being healed', color: WATCH },
  RECOVERED: { text: 'healed', color: GOOD },
  FAILED: { text: 'failed', color: BAD },
  UNRECOVERABLE: { text: 'cannot be had', color: BAD },
});

/** Why a span was not heard. */
export const REASONS = words({
  disconnect: { text: 'connection lost' },
  stall: { text: 'silent feed' },
  halt: { text: 'trading halted' },
  restart: { text: 'we restarted' },
  overload: { text: 'overloaded' },
  not_subscribed: { text: 'not subscribed' },
  untimed: { text: 'no exchange time' },
  late: { text: 'came late' },
  calendar: { text: 'beyond the calendar' },
  broker_unavailable: { text: 'broker unavailable' },
  pending: { text: 'being fetched' },
  expired: { text: 'contract expired' },
});
