import { setTimeout as sleep } from 'node:timers/promises';
import type { CalendarFile } from '@tickscope/ingest/dist/src/sessions/calendar.js';
import { addDays, istDate } from '@tickscope/ingest/dist/src/sessions/ist.js';
import { minuteOf } from './candles.js';
import type { Fault } from './fault.js';
import type { World } from './world.js';

/*
 * Days with hours: a trading day with pre-open, auction and post-close in a few minutes, a special session, a holiday. The
 * hours lie around now, so that everything runs at its own speed.
 */

const MINUTE_MS = 60_000;
/** The processes are up by then. */
const LEAD_MS = 40_000;
const GROUPS = [
  'cash',
  'cash_with_derivatives',
  'derivatives',
  'derivatives_expiring_index',
  'index',
] as const;

const USUAL: Record<string, DaySession[]> = Object.fromEntries(
  GROUPS.map((group) => [group, [['continuous', '09:15', '15:30']]]),
);

type DaySession = ['preopen' | 'continuous' | 'closing_auction' | 'post_close', string, string];

/** A day of the exchange, and what happens on it one after the other. */
export interface SessionDay {
  readonly calendar: CalendarFile;
  readonly steps: readonly Fault[];
}

/** Pre-open, then two to four minutes of trading by group, a closing auction, post-close. About six minutes. */
export function tradingDay(now: number): SessionDay {
  const { day, at, ms } = hoursFrom(now);
  const opening: DaySession = ['preopen', at(0), at(1)];
  const cash: DaySession[] = [opening, ['continuous', at(1), at(4)], ['post_close', at(4), at(5)]];
  const calendar = calendarOf(day, {
    cash,
    cash_with_derivatives: [
      opening,
      ['continuous', at(1), at(3)],
      ['closing_auction', at(3), at(4)],
      ['post_close', at(4), at(5)],
    ],
    derivatives: [['continuous', at(1), at(5)]],
    derivatives_expiring_index: [['continuous', at(1), at(4)]],
    index: [['continuous', at(1), at(4)]],
  });
  const steps = [
    step('killed before the open', ms(1) - 8_000, async (world) => {
      await world.killService();
      world.startService();
    }),
    step('session open', ms(1) + 20_000, async () => undefined),
    step('drop across a close', ms(3) - 2_000, (world) => world.exchange({ kind: 'drop', seconds: 4 })),
    step('closing auction', ms(4) - 20_000, async () => undefined),
    step('killed across a close', ms(4) - 1_000, async (world) => {
      await world.killService();
      world.startService();
    }),
    step('after the close', ms(5) + 15_000, async () => undefined),
  ];
  return { calendar, steps };
}

/** Two minutes on a day that would be none, with a drop in the first. */
export function specialSession(now: number): SessionDay {
  const { day, at, ms } = hoursFrom(now);
  const base = calendarOf(day, USUAL);
  const calendar = {
    ...base,
    special: [{ day, kind: 'muhurat', sessions: [['continuous', at(0), at(2)] as DaySession] }],
  };
  const steps = [
    step('special session', ms(0) + 25_000, (world) => world.exchange({ kind: 'drop', seconds: 1 })),
    step('after a special session', ms(2) + 15_000, async () => undefined),
  ];
  return { calendar, steps };
}

/** A day on which nothing is traded. */
export function holiday(now: number): SessionDay {
  const { day } = hoursFrom(now);
  const base = calendarOf(day, USUAL);
  const steps = [
    step('holiday', now + LEAD_MS, async (world) => {
      await world.exchange({ kind: 'drop' });
      await sleep(5_000);
      await world.killService();
      world.startService();
      await sleep(15_000);
    }),
  ];
  return { calendar: { ...base, closed: [{ day, name: 'Holiday' }] }, steps };
}

/** What is there and must not be: candles, gaps and trades outside of the continuous sessions. */
export async function outsideSessions(world: World, from: number, to: number): Promise<string[]> {
  const values = [new Date(from), new Date(to)];
  const gaps = await world.cluster.query<{ token: string; gaps: string }>(
    `select token::text, (gap_spans(token, $1, $2, '1m') - continuous_spans(token, $1, $2))::text as gaps from instruments
     where gap_spans(token, $1, $2, '1m') - continuous_spans(token, $1, $2) <> '{}'`,
    values,
  );
  const candles = await world.cluster.query<{ token: string; bucket: Date }>(
    `select instrument_token::text as token, bucket from candles_1m
     where bucket >= $1 and bucket < $2
       and not continuous_spans(instrument_token, bucket, bucket + interval '1 minute') && tstzrange(bucket, bucket + interval '1 minute')`,
    values,
  );
  return [
    ...gaps.map((gap) => `a gap outside of the sessions: ${JSON.stringify(gap)}`),
    ...candles.map((candle) => `a minute outside of the sessions: ${JSON.stringify(candle)}`),
  ];
}

function step(name: string, at: number, strike: (world: World) => Promise<void>): Fault {
  return {
    name,
    holes: true,
    strike: async (world) => {
      await sleep(Math.max(0, at - Date.now()));
      await strike(world);
    },
  };
}

function hoursFrom(now: number) {
  const first = minuteOf(now + LEAD_MS) + MINUTE_MS;
  const ms = (minute: number) => first + minute * MINUTE_MS;
  const time = new Intl.DateTimeFormat('en-GB', {
    timeZone: 'Asia/Kolkata',
    hour: '2-digit',
    minute: '2-digit',
  });
  return { day: istDate(first), ms, at: (minute: number) => time.format(ms(minute)) };
}

function calendarOf(day: string, groups: Record<string, DaySession[]>): CalendarFile {
  return {
    exchange: 'NSE',
    timezone: 'Asia/Kolkata',
    complete_to: '2099-12-31',
    weekdays: [0, 1, 2, 3, 4, 5, 6],
    // The days before keep usual hours: prices come from somewhere.
    eras: [
      { from: '2015-01-01', to: addDays(day, -1), groups: USUAL },
      { from: day, to: null, groups },
    ],
    closed: [],
    special: [],
  };
}
