import {
  defaultHorzScaleBehavior,
  type IHorzScaleBehavior,
  TickMarkType,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './interval';
import type { Zone } from './zone';

/** Instants as lightweight-charts counts them: seconds, whole or not. */
export const toChart = (ms: number) => (ms / SECOND_MS) as UTCTimestamp;

/** The library's weights of tick marks: a heavier one wins where there is no room for both. */
const WEIGHTS: readonly (readonly [divisorMs: number, weight: number])[] = [
  [12 * HOUR_MS, 33],
  [6 * HOUR_MS, 32],
  [3 * HOUR_MS, 31],
  [HOUR_MS, 30],
  [30 * MINUTE_MS, 22],
  [5 * MINUTE_MS, 21],
  [MINUTE_MS, 20],
  [SECOND_MS, 10],
];
const DAY_WEIGHT = 50;
const MONTH_WEIGHT = 60;
const YEAR_WEIGHT = 70;

/** How heavy the turn from one bar to the next is on the wall clocks of a zone. */
export function tickWeight(beforeMs: number, ms: number, zone: Zone): number {
  const [before, after] = [zone.wall(beforeMs), zone.wall(ms)];
  if (before.getUTCFullYear() !== after.getUTCFullYear()) return YEAR_WEIGHT;
  if (before.getUTCMonth() !== after.getUTCMonth()) return MONTH_WEIGHT;
  if (before.getUTCDate() !== after.getUTCDate()) return DAY_WEIGHT;
  const crossed = WEIGHTS.find(
    ([size]) => Math.floor(before.getTime() / size) !== Math.floor(after.getTime() / size),
  );
  return crossed?.[1] ?? 0;
}

type Points = Parameters<IHorzScaleBehavior<Time>['fillWeightsForPoints']>[0];

/** The library's time axis, with days, hours and months of a zone instead of UTC's. */
export function zonedTimeAxis(zone: Zone): IHorzScaleBehavior<Time> {
  const Base = defaultHorzScaleBehavior();
  class ZonedTimeAxis extends Base {
    override fillWeightsForPoints(points: Points, startIndex: number): void {
      const at = (index: number) => Number(this.key((points[index] as Points[number]).time)) * SECOND_MS;
      for (let i = Math.max(1, startIndex); i < points.length; i++) {
        (points[i] as { timeWeight: number }).timeWeight = tickWeight(at(i - 1), at(i), zone);
      }
      if (startIndex === 0 && points.length > 1) {
        const usual = (at(points.length - 1) - at(0)) / (points.length - 1);
        (points[0] as { timeWeight: number }).timeWeight = tickWeight(at(0) - usual, at(0), zone);
      }
    }
  }
  return new ZonedTimeAxis();
}

const MONTHS = new Intl.DateTimeFormat(undefined, { month: 'short', timeZone: 'UTC' });

/** The label of a tick mark on the time axis. */
export function tickLabel(ms: number, type: TickMarkType, zone: Zone): string {
  const wall = zone.wall(ms);
  const two = (n: number) => String(n).padStart(2, '0');
  const clock = `${two(wall.getUTCHours())}:${two(wall.getUTCMinutes())}`;
  switch (type) {
    case TickMarkType.Year:
      return String(wall.getUTCFullYear());
    case TickMarkType.Month:
      return MONTHS.format(wall);
    case TickMarkType.DayOfMonth:
      return `${wall.getUTCDate()} ${MONTHS.format(wall)}`;
    case TickMarkType.TimeWithSeconds:
      return `${clock}:${two(wall.getUTCSeconds())}`;
    default:
      return clock;
  }
}

/** Whether bars of this width have a time of day. */
export const hasTimeOfDay = (intervalMs: number) => intervalMs > 0 && intervalMs < DAY_MS;
