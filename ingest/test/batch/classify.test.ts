import { describe, expect, it } from 'vitest';
import { FEED, type Heard, listening } from './listening.js';
import { at, FUTURE, INFY, NIFTY, packet, type Said, TCS } from './market.js';

type Step =
  /** Received at this time. */
  ({ at: string; length?: number } & Said) | { lost: string } | { back: string };

interface Expected {
  time?: string;
  source?: string;
  trade?: boolean;
  open?: boolean;
  delta?: number | null;
  unplaced?: number | null;
  high?: number;
  low?: number;
}

/** Plays steps on a connection that stands since 08:55 and says of the last tick what was expected. */
function last(steps: Step[]): Heard | undefined {
  const ear = listening({ start: at('08:55') });
  const tokens = [INFY, TCS, NIFTY, FUTURE];
  ear.connect(at('08:55'), tokens);
  for (const step of steps) {
    if ('lost' in step) ear.pipeline.disconnected(FEED, at(step.lost), 'disconnect');
    else if ('back' in step) ear.connect(at(step.back), tokens);
    else ear.hear(at(step.at), packet(step, step.length));
  }
  return ear.take().ticks.at(-1);
}

function table(rows: ReadonlyArray<[string, Step[], Expected | 'nothing']>): void {
  it.each(rows)('%s', (_name, steps, expected) => {
    const tick = last(steps);
    if (expected === 'nothing') {
      expect(tick).toBeUndefined();
      return;
    }
    const { time, ...rest } = expected;
    expect(tick).toMatchObject({ ...rest, ...(time ? { time: at(time) } : {}) });
  });
}

const yesterday = at('15:29:50', '2026-11-17');
/** Before the open: yesterday's last state. */
const MORNING: Step = { at: '08:56', traded: yesterday, sent: '08:56', volume: 9000 };
/** Live since 10:00. */
const LIVE: Step[] = [MORNING, { at: '10:00:01', traded: '10:00:01', volume: 1000 }];

describe('the time of a tick (rule 3)', () => {
  table([
    [
      'is the last-trade time of a new trade',
      [...LIVE, { at: '10:00:05', traded: '10:00:03', sent: '10:00:05', volume: 1001 }],
      { time: '10:00:03', source: 't', trade: true },
    ],
    [
      'is the exchange time when only depth moved',
      [...LIVE, { at: '10:00:05', traded: '10:00:01', sent: '10:00:04', volume: 1000, bid: 1 }],
      { time: '10:00:04', source: 'e', trade: false, delta: 0 },
    ],
    [
      'is receipt less skew when a packet has none',
      [...LIVE, { at: '10:00:05', volume: 1000, length: 44 }],
      { source: 'r' },
    ],
    [
      'counts several trades of one second',
      [...LIVE, { at: '10:00:02', traded: '10:00:01', sent: '10:00:02', volume: 1003 }],
      { time: '10:00:01', trade: true, delta: 3 },
    ],
    [
      'is the exchange time for an index',
      [
        { at: '10:00:00', token: NIFTY, sent: '10:00:00' },
        { at: '10:00:01', token: NIFTY, sent: '10:00:01', ltp: 1 },
      ],
      { time: '10:00:01', source: 'e', trade: true },
    ],
  ]);
});

describe('the session of a tick (rules 2 and 5)', () => {
  table([
    [
      'begins with its first instant',
      [MORNING, { at: '09:15:01', traded: '09:15:00', volume: 5 }],
      { open: true, trade: true, delta: 5 },
    ],
    [
      'has not begun in the pre-open',
      [MORNING, { at: '09:07:01', traded: '09:07:00', volume: 5 }],
      { open: false, trade: true, delta: 5 },
    ],
    ['excludes its end', [...LIVE, { at: '15:30:01', traded: '15:30:00', volume: 1001 }], { open: false }],
    [
      'is the group’s own: derivatives go on',
      [
        { at: '10:00:00', token: FUTURE, traded: '10:00', volume: 1 },
        { at: '15:35:01', token: FUTURE, traded: '15:35', volume: 2 },
      ],
      { open: true, delta: 1 },
    ],
    [
      'excludes a late index value',
      [
        { at: '10:00:00', token: NIFTY, sent: '10:00:00' },
        { at: '15:31:01', token: NIFTY, sent: '15:31:00', ltp: 1 },
      ],
      { open: false, trade: false },
    ],
  ]);
});

describe('volume (rules 8 and 9)', () => {
  table([
    [
      'is the rise of the cumulative volume',
      [...LIVE, { at: '10:00:05', traded: '10:00:05', volume: 1100 }],
      { delta: 100, unplaced: null },
    ],
    [
      'of a new date starts from 0',
      [MORNING, { at: '10:00:01', traded: '10:00:01', volume: 70 }],
      { delta: 70, unplaced: null, trade: true },
    ],
    [
      'of a new date does not depend on yesterday’s being smaller',
      [MORNING, { at: '10:00:01', traded: '10:00:01', volume: 9070 }],
      { delta: 9070 },
    ],
    [
      'at the open starts from the pre-open’s',
      [
        MORNING,
        { at: '09:07:01', traded: '09:07:00', volume: 50 },
        { at: '09:15:02', traded: '09:15:01', volume: 60 },
      ],
      { delta: 10, open: true },
    ],
    [
      'of yesterday adds nothing today',
      [MORNING, { at: '09:15:01', traded: yesterday, sent: '09:15:01', volume: 9000, bid: 1 }],
      { delta: 0, unplaced: null, trade: false, open: true },
    ],
    [
      'is unplaced in a first packet after the open',
      [{ at: '10:00:01', traded: '10:00:00', sent: '10:00:01', volume: 500 }],
      { delta: null, unplaced: 500, trade: false, source: 'e' },
    ],
    [
      'across a hole is unplaced',
      [
        ...LIVE,
        { lost: '10:00:10' },
        { back: '10:00:12' },
        { at: '10:00:13', traded: '10:00:12', sent: '10:00:13', volume: 1200 },
      ],
      { delta: null, unplaced: 200, trade: false },
    ],
    [
      'after a hole goes on from the snapshot',
      [
        ...LIVE,
        { lost: '10:00:10' },
        { back: '10:00:12' },
        { at: '10:00:13', traded: '10:00:12', volume: 1200 },
        { at: '10:00:14', traded: '10:00:14', volume: 1210 },
      ],
      { delta: 10, unplaced: null, trade: true },
    ],
    [
      'that did not rise across a hole is nothing',
      [
        ...LIVE,
        { lost: '10:00:10' },
        { back: '10:00:12' },
        { at: '10:00:13', traded: '10:00:01', sent: '10:00:13', volume: 1000 },
      ],
      { delta: 0, unplaced: null, trade: false },
    ],
    [
      'across a night without connection is unplaced',
      [
        ...LIVE,
        { lost: '10:00:10' },
        { back: '10:00:12' },
        { at: '10:05', traded: '10:04', sent: '10:05', volume: 2000 },
      ],
      { unplaced: 1000 },
    ],
    [
      'below the highest adds 0',
      [
        ...LIVE,
        { at: '10:00:03', traded: '10:00:03', volume: 1100 },
        { at: '10:00:04', traded: '10:00:02', sent: '10:00:02', volume: 1050 },
      ],
      { delta: 0, trade: true, time: '10:00:02' },
    ],
    [
      'after an overtaken packet goes on from the highest',
      [
        ...LIVE,
        { at: '10:00:03', traded: '10:00:03', volume: 1100 },
        { at: '10:00:04', traded: '10:00:02', sent: '10:00:02', volume: 1050 },
        { at: '10:00:05', traded: '10:00:05', volume: 1101 },
      ],
      { delta: 1 },
    ],
    [
      'of an index is null',
      [
        { at: '10:00:00', token: NIFTY, sent: '10:00:00' },
        { at: '10:00:01', token: NIFTY, sent: '10:00:01', ltp: 1 },
      ],
      { delta: null, unplaced: null },
    ],
    [
      'of silence on a living connection is unplaced',
      [
        ...LIVE,
        { at: '10:00:01', token: NIFTY, sent: '10:00:01' },
        { at: '10:00:20', traded: '10:00:20', volume: 1300 },
      ],
      { unplaced: 300, delta: null, trade: false },
    ],
  ]);
});

describe('extremes that conflation hid (rule 10)', () => {
  const base: Step = { at: '10:00:01', traded: '10:00:01', volume: 10, high: 160_000, low: 140_000 };
  table([
    [
      'are taken within a minute',
      [MORNING, base, { at: '10:00:09', traded: '10:00:09', volume: 20, high: 161_000, low: 139_000 }],
      { high: 161_000, low: 139_000 },
    ],
    [
      'are not the day’s when those did not move',
      [MORNING, base, { at: '10:00:09', traded: '10:00:09', volume: 20 }],
      { high: 150_000, low: 150_000 },
    ],
    [
      'are not taken across a minute’s edge',
      [MORNING, base, { at: '10:01:09', traded: '10:01:09', volume: 20, high: 161_000 }],
      { high: 150_000 },
    ],
    [
      'are not taken across a hole',
      [
        MORNING,
        base,
        { lost: '10:00:03' },
        { back: '10:00:04' },
        { at: '10:00:09', traded: '10:00:09', volume: 20, high: 161_000 },
      ],
      { high: 150_000 },
    ],
    [
      'are not taken from the pre-open',
      [
        MORNING,
        { at: '09:07', traded: '09:07', volume: 1 },
        { at: '09:15:01', traded: '09:15:01', volume: 20, high: 161_000 },
      ],
      { high: 150_000 },
    ],
    [
      'are not taken from another date',
      [MORNING, { at: '10:00:09', traded: '10:00:09', volume: 20, high: 161_000 }],
      { high: 150_000 },
    ],
    [
      'are taken for an index',
      [
        { at: '10:00:00', token: NIFTY, sent: '10:00:00' },
        { at: '10:00:01', token: NIFTY, sent: '10:00:01', high: 170_000 },
      ],
      { high: 170_000, low: 150_000 },
    ],
  ]);
});

describe('snapshots (rule 13)', () => {
  table([
    ['are no trades', [MORNING], { trade: false, delta: 0, unplaced: null, open: false }],
    [
      'of an index are no trades',
      [{ at: '10:00:00', token: NIFTY, sent: '10:00:00' }],
      { trade: false, open: true },
    ],
    [
      'weeks old set no trade',
      [{ at: '10:00:00', traded: at('11:00', '2026-10-01'), sent: at('11:00', '2026-10-01'), volume: 3 }],
      { trade: false, source: 'e' },
    ],
    [
      'in the default mode before full are not the snapshot',
      [...LIVE, { lost: '10:00:10' }, { back: '10:00:12' }, { at: '10:00:12.100', volume: 1200, length: 44 }],
      { trade: false, delta: null, unplaced: null },
    ],
    [
      'come after the default mode’s packet',
      [
        ...LIVE,
        { lost: '10:00:10' },
        { back: '10:00:12' },
        { at: '10:00:12.100', volume: 1200, length: 44 },
        { at: '10:00:12.200', traded: '10:00:11', sent: '10:00:12', volume: 1200 },
      ],
      { trade: false, unplaced: 200 },
    ],
  ]);
});

describe('modes without times', () => {
  table([
    [
      'quote: volume that rises is a trade',
      [
        { at: '10:00:00', volume: 100, length: 44 },
        { at: '10:00:04', volume: 130, length: 44 },
      ],
      { source: 'r', trade: true, delta: 30 },
    ],
    [
      'quote: what was traded before we listened is of the day alone, once it is known to be of the day',
      [
        { at: '10:00:00', volume: 100, length: 44 },
        { at: '10:00:04', volume: 130, length: 44 },
      ],
      { unplaced: 100 },
    ],
    [
      'quote: a volume that does not move may be of another day, and is nobody’s',
      [
        { at: '10:00:00', volume: 90_000, length: 44 },
        { at: '10:00:04', volume: 90_000, ltp: 150_100, length: 44 },
      ],
      { trade: false, delta: null, unplaced: null },
    ],
    [
      'quote: yesterday’s volume, read late by a busy process, does not hide today’s',
      [
        { at: '10:00:00', volume: 90_000, length: 44 },
        { at: '10:00:01', traded: '10:00:01', volume: 40 },
        { at: '10:00:02', traded: '10:00:02', volume: 70 },
      ],
      { trade: true, delta: 30 },
    ],
    [
      'ltp: another price is a trade, without volume',
      [
        { at: '10:00:00', length: 8 },
        { at: '10:00:04', ltp: 150_100, length: 8 },
      ],
      { trade: true, delta: null },
    ],
    [
      'an index in quote mode trades',
      [
        { at: '10:00:00', token: NIFTY, length: 28 },
        { at: '10:00:04', token: NIFTY, ltp: 7, length: 28 },
      ],
      { trade: true, delta: null },
    ],
  ]);
});

describe('what is not stored', () => {
  it('stores an identical packet once, and another one again', () => {
    const ear = listening();
    ear.connect(at('10:00'), [INFY]);
    const a = packet({ traded: '10:00', volume: 1 });
    const b = packet({ traded: '10:00:01', volume: 2 });
    ear.hear(at('10:00:01'), a, a);
    ear.hear(at('10:00:02'), a, b, b);
    expect(ear.take().ticks.map((t) => t.seq)).toEqual([1, 2]);
    expect(ear.pipeline.stats.duplicates).toBe(3);
  });

  it('rejects what cannot be, with reason and bytes, and keeps only so many a second', () => {
    const ear = listening();
    ear.connect(at('10:00'), [INFY, NIFTY]);
    const unknown = packet({ token: 5, traded: '10:00' });
    const worthless = packet({ ltp: 0, traded: '10:00', volume: 5 });
    const negative = packet({ traded: '10:00', low: -5 });
    const future = packet({ traded: '10:00', sent: '10:02' });
    const ancient = packet({ traded: at('10:00', '1999-12-31') });
    const mixed = packet({ token: NIFTY, sent: '10:00' }).subarray(0, 8);
    ear.hear(at('10:00:01'), unknown, worthless, negative, future, ancient, mixed, Buffer.alloc(17));
    const { ticks, truth } = ear.take();
    expect(ticks).toHaveLength(1); // the index in ltp mode is a packet like any other
    expect(truth.rejects.map((r) => r.reason)).toEqual([
      'unknown_packet',
      'unknown_instrument',
      'impossible_price',
      'impossible_price',
      'impossible_time',
      'impossible_time',
    ]);
    expect(truth.rejects[1]!.packet).toEqual(unknown);
    for (let i = 0; i < 100; i++) ear.hear(at('10:00:02'), unknown);
    expect(ear.take().truth.rejects).toHaveLength(20);
  });

  it('takes a guest as a sign of life and stores nothing of it', () => {
    const ear = listening();
    ear.connect(at('10:00'), [INFY]);
    expect(ear.hear(at('10:00:01'), packet({ token: NIFTY, sent: '10:00:01' }))).toBe(1);
    expect(ear.take().ticks).toEqual([]);
  });

  it('counts packets of instruments in session only', () => {
    const ear = listening();
    ear.connect(at('15:35'), [INFY, FUTURE]);
    const count = ear.hear(
      at('15:35:01'),
      packet({ traded: '15:20', volume: 1 }),
      packet({ token: FUTURE, traded: '15:20', volume: 1 }),
    );
    expect(count).toBe(1);
  });
});
