import { describe, expect, it } from 'vitest';
import { TruthChanges } from '../../src/batch/truth.js';
import { unite } from '../../src/write/write-truth.js';
import { FEED, listening } from './listening.js';
import { at, FUTURE, frame, INFY, NIFTY, packet, TCS } from './market.js';

/** Follows what is written, as the tables would stand. */
function book(start: string, tokens: number[]) {
  const ear = listening({ start: at(start) });
  const all = new TruthChanges();
  let second = 0;
  const self = {
    ear,
    connect(time: string) {
      ear.connect(at(time), tokens);
    },
    /** NIFTY ticks once a second over [from, to], each flushed at once. */
    index(from: string, to: string) {
      for (let ms = at(from); ms <= at(to); ms += 1000) {
        ear.hear(ms, packet({ token: NIFTY, sent: ms, ltp: 2_500_000 + second++ }));
        ear.pipeline.alive(FEED, ms);
        self.flush(ms);
      }
    },
    hear(time: string, ...packets: Buffer[]) {
      ear.hear(at(time), ...packets);
    },
    alive(from: string, to: string) {
      for (let ms = at(from); ms <= at(to); ms += 1000) ear.pipeline.alive(FEED, ms);
    },
    flush(ms = ear.clock.ms) {
      const { truth } = ear.take(ms);
      all.append(truth);
      return truth;
    },
    lose(time: string, cause: 'disconnect' | 'stall' | 'halt' | 'restart' = 'disconnect') {
      ear.clock.ms = at(time);
      ear.pipeline.disconnected(FEED, at(time), cause);
      self.flush();
    },
    rows() {
      self.flush();
      return [...all.coverage.values()].map((r) => [clock(r.from), clock(r.to), r.cause]);
    },
    exceptions() {
      self.flush();
      const open = new Map<number | null, { from: number; reason: string }>();
      const closed: unknown[] = [];
      const ends = [...all.exceptionEnds];
      for (const e of all.exceptions) {
        if (e.to !== Number.POSITIVE_INFINITY) closed.push([e.token, clock(e.from), clock(e.to), e.reason]);
        else open.set(e.token, e);
      }
      for (const { token, to } of ends) {
        const e = open.get(token);
        open.delete(token);
        if (e) closed.push([token, clock(e.from), clock(to), e.reason]);
      }
      return [...closed, ...[...open].map(([token, e]) => [token, clock(e.from), 'open', e.reason])];
    },
    proven: () => {
      self.flush();
      return unite(all.provenEmpty).map((p) => [p.token, clock(p.from), clock(p.to)]);
    },
    assigned: () => all.assignments.map((a) => [a.token, a.released ? 'released' : 'assigned', clock(a.at)]),
  };
  return self;
}

function clock(ms: number): string {
  return new Date(ms + 19_800_000).toISOString().slice(11, 23).replace('.000', '');
}

const snapshot = (token: number, time: string, volume = 100, traded = '09:30') =>
  packet({ token, traded, sent: time, volume });

describe('a connection’s coverage (rule 12)', () => {
  it('begins in the second after the last snapshot and follows the packets', () => {
    const b = book('10:00', [INFY, TCS, NIFTY]);
    b.connect('10:00');
    b.hear('10:00:00.100', snapshot(INFY, '10:00'), packet({ token: NIFTY, sent: '10:00' }));
    b.hear('10:00:00.700', snapshot(TCS, '10:00'));
    b.index('10:00:01', '10:00:20');
    expect(b.rows()).toEqual([['10:00:01', '10:00:18', null]]);
    expect(b.exceptions()).toEqual([]);
  });

  describe('when the exchange’s clock is put back', () => {
    /** Heard from 10:00:00 on; from 10:00:30 to 10:00:40 the exchange is half a minute ahead. */
    const wasAhead = () => {
      const b = book('10:00', [INFY, NIFTY]);
      b.connect('10:00');
      b.hear('10:00:00.100', snapshot(INFY, '10:00'), packet({ token: NIFTY, sent: '10:00' }));
      b.index('10:00:01', '10:00:29');
      for (let s = 30; s <= 40; s++) {
        const sent = s + 30 < 60 ? `10:00:${s + 30}` : `10:01:${String(s - 30).padStart(2, '0')}`;
        b.hear(`10:00:${s}`, packet({ token: NIFTY, sent, ltp: 2_600_000 + s }));
        b.flush(at(`10:00:${s}`));
      }
      return b;
    };

    it('nothing is claimed of the time that is gone through again', () => {
      const b = wasAhead();
      b.index('10:00:41', '10:00:50');
      expect(b.rows()).toEqual([['10:00:01', '10:01:10', null]]);
      expect(b.exceptions()).toEqual([[null, '10:00:40', '10:01:10', 'untimed']]);
      b.index('10:00:51', '10:02:00');
      expect(b.rows()).toEqual([['10:00:01', '10:01:58', null]]);
      expect(b.exceptions()).toHaveLength(1);
    });

    it('nor when a connection ended before, and of what was not heard until the next one', () => {
      const b = wasAhead();
      b.index('10:00:41', '10:00:41');
      b.lose('10:00:42');
      b.connect('10:00:55');
      b.hear('10:00:55.100', snapshot(INFY, '10:00:55'));
      b.index('10:00:56', '10:01:40');
      expect(b.exceptions()).toEqual([[null, '10:00:40', '10:01:26', 'untimed']]);
      expect(b.rows()[0]).toEqual(['10:00:01', '10:01:10', 'disconnect']);
    });
  });

  it('takes neither old states, a packet of the future nor a late source for a clock that was put back', () => {
    const b = book('10:00', [INFY, TCS, NIFTY]);
    b.connect('10:00');
    b.hear('10:00:00.100', snapshot(INFY, '10:00'), snapshot(TCS, '10:00'));
    b.index('10:00:01', '10:00:10');
    // Asked for again: each answers with its last state, however old.
    for (const [s, sent] of [
      [10.1, '09:58'],
      [10.2, '09:58'],
      [10.3, '09:58:01'],
    ] as const) {
      b.hear(`10:00:${s}`, snapshot(INFY, sent));
    }
    b.hear('10:00:10.5', packet({ token: NIFTY, sent: '10:01:05' }));
    b.index('10:00:11', '10:00:20');
    for (let s = 21; s < 50; s++) {
      b.index(`10:00:${s}`, `10:00:${s}`);
      b.hear(`10:00:${s}.200`, snapshot(TCS, `10:00:${s - 2}`));
      b.hear(`10:00:${s}.400`, snapshot(TCS, `10:00:${s - 2}`));
    }
    expect(b.exceptions()).not.toContainEqual(expect.arrayContaining(['untimed']));
  });

  it('is not kept from claiming by a row of another time, such as a replay of a later one', () => {
    const b = book('10:00', [NIFTY]);
    b.ear.pipeline.coverage(FEED).resume([NIFTY], 'disconnect', at('15:30'));
    b.connect('10:00');
    b.index('10:00:00', '10:00:10');
    expect(b.rows()).toEqual([['10:00:01', '10:00:08', null]]);
  });

  it('begins no two rows at once, though the clock was put back between them', () => {
    const b = book('10:00', [NIFTY]);
    b.connect('10:00');
    b.index('10:00:00', '10:00:10');
    b.lose('10:00:10.500');
    for (const time of ['10:00:02', '10:00:05']) {
      b.connect(time);
      b.index(time, time);
      b.lose(`${time}.500`);
    }
    const begun = b.rows().map(([from]) => from);
    expect(begun).toHaveLength(3);
    expect(new Set(begun).size).toBe(3);
  });

  it('never claims what is not committed: the last two seconds', () => {
    const b = book('10:00', [NIFTY]);
    b.connect('10:00');
    b.index('10:00:00', '10:00:10');
    expect(b.ear.pipeline.coverage(FEED).claimedTo).toBe(at('10:00:08'));
    b.flush(at('10:00:13'));
    expect(b.rows()).toEqual([['10:00:01', '10:00:10', null]]);
  });

  it('ends before a frame that holds less than it announced, and begins anew', () => {
    const b = book('10:00', [NIFTY]);
    b.connect('10:00');
    b.index('10:00:00', '10:00:10');
    const whole = frame(
      packet({ token: NIFTY, sent: '10:00:11' }),
      packet({ token: NIFTY, sent: '10:00:11' }),
    );
    b.ear.pipeline.frame(FEED, whole.subarray(0, whole.length - 1), at('10:00:11'));
    b.index('10:00:12', '10:00:20');
    expect(b.rows()).toEqual([
      ['10:00:01', '10:00:10', 'overload'],
      ['10:00:13', '10:00:18', null],
    ]);
  });

  it('ends before a frame that could not be taken, and nothing of an earlier batch is stored in its place', () => {
    const b = book('10:00', [NIFTY]);
    b.connect('10:00');
    b.index('10:00:00', '10:00:10');
    b.flush();
    const { slots } = b.ear;
    const find = slots.find.bind(slots);
    slots.find = () => {
      throw new Error('no room');
    };
    expect(() => b.index('10:00:11', '10:00:11')).toThrow('no room');
    slots.find = find;
    b.index('10:00:12', '10:00:20');
    expect(b.rows()).toEqual([
      ['10:00:01', '10:00:10', 'overload'],
      ['10:00:13', '10:00:18', null],
    ]);
  });

  it('has an exception for an instrument whose snapshot is late, until it comes', () => {
    const b = book('10:00', [INFY, TCS, NIFTY]);
    b.connect('09:50');
    b.hear(
      '09:50:00.100',
      snapshot(INFY, '09:50'),
      snapshot(TCS, '09:50'),
      packet({ token: NIFTY, sent: '09:50' }),
    );
    b.index('09:50:01', '09:50:10');
    b.lose('09:50:12');
    b.connect('10:00');
    b.hear('10:00:00.100', snapshot(INFY, '10:00', 200), packet({ token: NIFTY, sent: '10:00' }));
    b.index('10:00:01', '10:00:30');
    expect(b.exceptions()).toEqual([[TCS, '10:00:01', 'open', 'disconnect']]);
    b.hear('10:00:31', snapshot(TCS, '10:00:31', 150));
    expect(b.exceptions()).toEqual([[TCS, '10:00:01', '10:00:32', 'disconnect']]);
    expect(b.rows()).toEqual([
      ['09:50:01', '09:50:10', 'disconnect'],
      ['10:00:01', '10:00:29', null],
    ]);
  });

  it.each(['disconnect', 'stall', 'halt', 'restart'] as const)(
    'ends at the last data packet, however it ends: %s',
    (cause) => {
      const b = book('10:00', [NIFTY]);
      b.connect('10:00');
      b.index('10:00:00', '10:00:10');
      b.alive('10:00:11', '10:00:40');
      b.lose('10:00:40', cause);
      expect(b.rows()).toEqual([['10:00:01', '10:00:10', cause]]);
    },
  );

  it('does not advance while only heartbeats come', () => {
    const b = book('10:00', [NIFTY]);
    b.connect('10:00');
    b.index('10:00:00', '10:00:10');
    b.alive('10:00:11', '10:00:40');
    b.flush(at('10:00:40'));
    expect(b.rows()).toEqual([['10:00:01', '10:00:10', null]]);
  });

  it('is split by a canary’s silence of more than ten seconds in session', () => {
    const b = book('10:00', [INFY, NIFTY]);
    b.connect('10:00');
    b.hear('10:00:00.100', snapshot(INFY, '10:00'));
    b.index('10:00:00.200', '10:00:10.200');
    b.index('10:00:25', '10:00:40');
    expect(b.rows()).toEqual([
      ['10:00:01', '10:00:10', 'stall'],
      ['10:00:26', '10:00:38', null],
    ]);
    // INFY has not been heard since: nobody knows what it missed.
    expect(b.exceptions()).toEqual([[INFY, '10:00:26', 'open', 'stall']]);
    b.hear('10:00:41', packet({ token: INFY, traded: '09:30', sent: '10:00:41', volume: 100, bid: 3 }));
    expect(b.proven()).toEqual([[INFY, '10:00:00.100', '10:00:41']]);
  });

  it('is not split by silence before the open', () => {
    const b = book('09:00', [NIFTY]);
    b.connect('09:00');
    b.index('09:00:00', '09:08:00');
    b.index('09:15:00', '09:15:10');
    expect(b.rows()).toEqual([['09:00:01', '09:15:08', null]]);
  });

  it('covers the open only when it began before', () => {
    const b = book('09:14', [NIFTY]);
    b.connect('09:14:58');
    b.index('09:14:58', '09:15:05');
    expect(b.rows()[0]![0]).toBe('09:14:59');
    const late = book('09:15', [NIFTY]);
    late.connect('09:15:00');
    late.index('09:15:00', '09:15:05');
    expect(late.rows()[0]![0]).toBe('09:15:01');
  });

  it('reaches the session’s end when bytes come until five seconds after', () => {
    const b = book('15:29', [NIFTY]);
    b.connect('15:29');
    b.index('15:29:00', '15:29:57');
    b.alive('15:29:58', '15:30:04');
    b.flush(at('15:30:04'));
    expect(b.rows()).toEqual([['15:29:01', '15:29:57', null]]);
    b.alive('15:30:05', '15:30:05');
    b.flush(at('15:30:06'));
    expect(b.rows()).toEqual([['15:29:01', '15:30:00', null]]);
  });

  it('does not reach the session’s end when the last packet is too old or the connection ended before', () => {
    const b = book('15:29', [NIFTY]);
    b.connect('15:29');
    b.index('15:29:00', '15:29:49');
    b.alive('15:29:50', '15:30:10');
    b.lose('15:30:11');
    expect(b.rows()).toEqual([['15:29:01', '15:29:49', 'disconnect']]);
    const c = book('15:29', [NIFTY]);
    c.connect('15:29');
    c.index('15:29:00', '15:29:57');
    c.lose('15:30:03');
    expect(c.rows()).toEqual([['15:29:01', '15:29:57', 'disconnect']]);
  });

  it('gives none to an instrument without exchange times', () => {
    const b = book('10:00', [INFY, NIFTY]);
    b.connect('10:00');
    b.hear('10:00:00.100', packet({ token: NIFTY, sent: '10:00' }), packet({ volume: 5 }, 44));
    b.index('10:00:01', '10:00:03');
    b.hear('10:00:03.500', packet({ volume: 6 }, 44));
    b.index('10:00:04', '10:00:10');
    expect(b.exceptions()).toEqual([[INFY, '10:00:03.500', 'open', 'untimed']]);
    expect(b.assigned()).toContainEqual([INFY, 'assigned', '10:00:03.500']);
  });

  it('takes it away from the last packet with a time when the mode is changed', () => {
    const b = book('10:00', [INFY, NIFTY]);
    b.connect('10:00');
    b.hear('10:00:00.100', packet({ token: NIFTY, sent: '10:00' }), snapshot(INFY, '10:00'));
    b.index('10:00:01', '10:00:05');
    b.hear('10:00:05.500', packet({ traded: '10:00:05', volume: 200 }));
    b.index('10:00:06', '10:00:10');
    b.hear('10:00:10.500', packet({ volume: 300 }, 44));
    b.index('10:00:11', '10:00:12');
    expect(b.exceptions()).toEqual([[INFY, '10:00:05.500', 'open', 'untimed']]);
    b.hear('10:00:13', packet({ traded: '10:00:12', sent: '10:00:13', volume: 300 }));
    expect(b.exceptions()).toEqual([[INFY, '10:00:05.500', '10:00:14', 'untimed']]);
  });

  it('assigns an instrument that is subscribed later with its first packet, and releases it', () => {
    const b = book('10:00', [NIFTY]);
    b.connect('10:00');
    b.index('10:00:00', '10:00:05');
    b.ear.pipeline.subscribed(FEED, at('10:00:05'), [FUTURE]);
    b.index('10:00:06', '10:00:09');
    b.hear('10:00:09.500', snapshot(FUTURE, '10:00:09'));
    b.ear.pipeline.unsubscribed(FEED, at('10:00:20'), [FUTURE]);
    b.flush();
    expect(b.assigned()).toEqual([
      [NIFTY, 'assigned', '10:00:00'],
      [FUTURE, 'assigned', '10:00:10'],
      [FUTURE, 'released', '10:00:20'],
    ]);
    expect(b.exceptions()).toEqual([]);
  });
});

describe('what came late (rules 12 and 16)', () => {
  const lateBook = () => {
    const b = book('10:00', [INFY, NIFTY]);
    b.connect('10:00');
    b.hear('10:00:00', snapshot(INFY, '10:00'));
    return b;
  };

  it('takes away the minutes of a packet out of volume order', () => {
    const b = lateBook();
    b.hear('10:00:58', packet({ traded: '10:00:58', volume: 110 }));
    b.hear('10:01:01', packet({ traded: '10:01:01', volume: 130 }));
    b.hear('10:01:02', packet({ traded: '10:00:59', sent: '10:00:59', volume: 120 }));
    expect(b.exceptions()).toEqual([[INFY, '10:00:00', '10:02:00', 'late']]);
  });

  it('takes away a minute that was settled when a trade of it came', () => {
    const b = lateBook();
    b.index('10:00:00', '10:01:04');
    b.hear('10:01:04.500', packet({ traded: '10:00:59', sent: '10:01:04', volume: 120 }));
    expect(b.exceptions()).toEqual([[INFY, '10:00:00', '10:01:00', 'late']]);
  });

  it('leaves a minute alone whose trade came before it was settled', () => {
    const b = lateBook();
    b.index('10:00:00', '10:01:02');
    b.hear('10:01:02.500', packet({ traded: '10:00:59', sent: '10:01:02', volume: 120 }));
    expect(b.exceptions()).toEqual([]);
  });
});

describe('proof that nothing traded (rule 14)', () => {
  const lost = (volume: number, traded: string) => {
    const b = book('10:00', [INFY, NIFTY]);
    b.connect('10:00');
    b.hear('10:00:00.100', snapshot(INFY, '10:00', 100, '09:59'), packet({ token: NIFTY, sent: '10:00' }));
    b.index('10:00:01', '10:00:10');
    b.lose('10:00:30');
    b.connect('10:02');
    b.hear(
      '10:02:00.100',
      snapshot(INFY, '10:02', volume, traded),
      packet({ token: NIFTY, sent: '10:02', ltp: 1 }),
    );
    b.index('10:02:01', '10:02:10');
    return b;
  };

  it('is an equal volume and last-trade time, and holds until coverage begins again', () => {
    const b = lost(100, '09:59');
    expect(b.proven()).toEqual([[INFY, '10:00:00.100', '10:02:01']]);
    expect(b.rows()[1]).toEqual(['10:02:01', '10:02:08', null]);
  });
  it('fails when volume rose', () => expect(lost(101, '09:59').proven()).toEqual([]));
  it('fails when the last trade is another', () => expect(lost(100, '10:01').proven()).toEqual([]));
  it('reaches over connections that were gone before coverage began, however much was heard on each', () => {
    const b = book('10:00', [INFY, TCS, NIFTY]);
    const unmoved = (time: string, bid: number) =>
      packet({ token: INFY, traded: '09:59', sent: time, volume: 100, bid });
    b.connect('10:00');
    b.hear('10:00:00.100', unmoved('10:00', 1), snapshot(TCS, '10:00'));
    b.index('10:00:01', '10:00:10');
    b.lose('10:00:12');
    for (const second of [14, 16, 18]) {
      b.connect(`10:00:${second}`);
      b.hear(`10:00:${second}.100`, unmoved(`10:00:${second}`, second));
      b.hear(`10:00:${second}.400`, unmoved(`10:00:${second}`, second + 100));
      b.lose(`10:00:${second}.500`);
    }
    b.connect('10:00:20');
    b.hear('10:00:20.100', unmoved('10:00:20', 1), snapshot(TCS, '10:00:20', 101));
    b.index('10:00:21', '10:00:30');
    expect(b.proven()).toEqual([[INFY, '10:00:00.100', '10:00:22']]);
  });
  it('begins where it moved last', () => {
    const b = book('10:00', [INFY, TCS, NIFTY]);
    b.connect('10:00');
    b.hear('10:00:00.100', snapshot(INFY, '10:00'), snapshot(TCS, '10:00'));
    b.index('10:00:01', '10:00:10');
    b.lose('10:00:12');
    b.connect('10:00:14');
    b.hear('10:00:14.100', snapshot(INFY, '10:00:14', 150, '10:00:13'));
    b.hear('10:00:14.400', snapshot(INFY, '10:00:14', 160, '10:00:14'));
    b.lose('10:00:14.500');
    b.connect('10:00:16');
    b.hear('10:00:16.100', snapshot(INFY, '10:00:16', 160, '10:00:14'), snapshot(TCS, '10:00:16', 101));
    b.index('10:00:17', '10:00:30');
    expect(b.proven()).toEqual([[INFY, '10:00:14.400', '10:00:18']]);
  });
  it('is never given for an index', () =>
    expect(
      lost(100, '09:59')
        .proven()
        .some(([t]) => t === NIFTY),
    ).toBe(false));
});

describe('a full queue', () => {
  it('drops the newest and makes their span a hole of cause overload', () => {
    const ear = listening({ start: at('10:00'), batchTicks: 4, queueTicks: 8 });
    ear.connect(at('10:00'), [NIFTY]);
    const rows: unknown[] = [];
    const take = (time: string) => {
      for (const r of ear.take(at(time)).truth.coverage.values())
        rows.push([clock(r.from), clock(r.to), r.cause]);
    };
    ear.hear(at('10:00:00'), packet({ token: NIFTY, sent: '10:00' }));
    take('10:00:00');
    for (let s = 1; s <= 20; s++) {
      const time = at('10:00') + s * 1000;
      ear.hear(time, packet({ token: NIFTY, sent: time, ltp: s }));
    }
    expect(ear.pipeline.stats.dropped).toBe(8);
    take('10:00:20');
    for (let s = 21; s <= 25; s++) {
      const time = at('10:00') + s * 1000;
      ear.hear(time, packet({ token: NIFTY, sent: time, ltp: s }));
      take(`10:00:${s}`);
    }
    expect(rows.find((r) => (r as unknown[])[2] === 'overload')).toEqual([
      '10:00:01',
      '10:00:12',
      'overload',
    ]);
    expect((rows.at(-1) as unknown[])[0]).toBe('10:00:22');
  });
});
