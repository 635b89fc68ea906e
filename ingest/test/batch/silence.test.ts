import { describe, expect, test } from 'vitest';
import { listening } from './listening.js';
import { at, INFY, NIFTY, packet, TCS } from './market.js';

const OPEN = at('09:16');
const second = (n: number) => OPEN + n * 1000;

/** NIFTY and INFY tick every second; TCS ticks every twenty. From `infyUntil` on INFY does not. */
function session(options: { seconds: number; infyUntil?: number }) {
  const heard = listening({ start: OPEN, extra: [] });
  heard.connect(OPEN, [NIFTY, INFY, TCS]);
  const volume = (n: number) => 1_000 + n;
  const play = (from: number, to: number, infyUntil = Number.POSITIVE_INFINITY) => {
    for (let n = from; n < to; n++) {
      const sent = second(n);
      const packets = [packet({ token: NIFTY, ltp: 2_500_000 + n, sent })];
      if (n < infyUntil) packets.push(packet({ token: INFY, volume: volume(n), traded: sent }));
      if (n % 20 === 0) packets.push(packet({ token: TCS, volume: volume(n), traded: sent }));
      heard.hear(sent + 200, ...packets);
    }
  };
  play(0, options.seconds, options.infyUntil);
  return { ...heard, play, volume };
}

describe('an instrument on a connection that ticks', () => {
  test('is stale when it is silent beyond its own rhythm, and the sleepy one beside it is not', () => {
    const { pipeline, play } = session({ seconds: 400 });
    expect(pipeline.stale(second(400))).toEqual([]);
    play(400, 429, 400);
    expect(pipeline.stale(second(429))).toEqual([]);
    play(429, 435, 400);
    const stale = pipeline.stale(second(435));
    expect(stale).toMatchObject([{ token: INFY, brokerToken: INFY, feed: 'kite-1', limitMs: 30_000 }]);
    expect(stale[0]!.usualMs).toBeCloseTo(1_000, 3);
  });

  test('is not stale for the silence of the whole connection, nor after the close', () => {
    const { pipeline } = session({ seconds: 400 });
    expect(pipeline.stale(second(600))).toEqual([]);
    expect(pipeline.stale(at('18:00'))).toEqual([]);
  });

  test('that was only quiet says so when it is asked again, and nothing is missing', () => {
    const { pipeline, play, hear, take, volume } = session({ seconds: 450, infyUntil: 400 });
    take();
    pipeline.askedAgain(second(450), [INFY]);
    play(450, 451, 400);
    hear(second(451), packet({ token: INFY, volume: volume(399), traded: second(399) }));
    const { truth } = take(second(460));
    expect(pipeline.stale(second(452))).toEqual([]);
    const [begun] = truth.exceptions;
    expect(begun).toMatchObject({ token: INFY, reason: 'not_subscribed' });
    expect(truth.exceptionEnds).toMatchObject([{ token: INFY, from: begun!.from }]);
    const [proven] = truth.provenEmpty;
    expect(proven!.token).toBe(INFY);
    expect(proven!.from).toBeLessThanOrEqual(begun!.from);
    expect(proven!.to).toBeGreaterThanOrEqual(truth.exceptionEnds[0]!.to);
  });

  test('that was not heard leaves a hole from its last packet to its answer, and its volume is not placed', () => {
    const { pipeline, play, hear, take, volume } = session({ seconds: 450, infyUntil: 400 });
    take();
    pipeline.askedAgain(second(450), [INFY]);
    play(450, 451, 400);
    hear(second(451), packet({ token: INFY, volume: volume(440), traded: second(440) }));
    const { truth, ticks } = take(second(460));
    expect(truth.provenEmpty).toEqual([]);
    const [begun] = truth.exceptions;
    expect(begun).toMatchObject({ token: INFY, reason: 'not_subscribed' });
    expect(begun!.from).toBeLessThanOrEqual(second(400));
    expect(truth.exceptionEnds[0]!.to).toBeGreaterThan(second(450));
    expect(ticks.filter(({ token }) => token === INFY)).toMatchObject([
      { trade: false, delta: null, unplaced: volume(440) - volume(399) },
    ]);
  });
});

describe('an instrument that does not answer after a reconnect', () => {
  const reconnected = () => {
    const heard = session({ seconds: 60 });
    heard.pipeline.disconnected('kite-1', second(60), 'disconnect');
    heard.take();
    heard.connect(second(62), [NIFTY, INFY, TCS]);
    for (let n = 62; n < 70; n++) {
      heard.hear(
        second(n) + 200,
        packet({ token: NIFTY, ltp: 2_500_000 + n, sent: second(n) }),
        packet({ token: TCS, volume: heard.volume(n), traded: second(n) }),
      );
      heard.pipeline.alive('kite-1', second(n) + 200);
    }
    return heard;
  };

  test('is named, and those that answered are not', () => {
    const { pipeline } = reconnected();
    expect(pipeline.unanswered(second(66), 5_000)).toEqual([]);
    expect(pipeline.unanswered(second(70), 5_000)).toMatchObject([{ token: INFY, feed: 'kite-1' }]);
  });

  test('lacks by its subscription, not by the connection, from when it was asked again until it answers', () => {
    const { pipeline, hear, take, volume } = reconnected();
    const before = take(second(70)).truth.exceptions;
    expect(before).toMatchObject([{ token: INFY, reason: 'disconnect' }]);
    pipeline.askedAgain(second(70), [INFY]);
    hear(second(75), packet({ token: INFY, volume: volume(74), traded: second(74) }));
    const { truth } = take(second(80));
    expect(truth.exceptionEnds[0]).toMatchObject({ token: INFY, from: before[0]!.from });
    const [lacks] = truth.exceptions;
    expect(lacks).toMatchObject({ token: INFY, reason: 'not_subscribed', from: truth.exceptionEnds[0]!.to });
    expect(truth.exceptionEnds[1]).toMatchObject({ token: INFY, from: lacks!.from });
    expect(pipeline.unanswered(second(90), 5_000)).toEqual([]);
  });
});

describe('a short silence of a whole connection that stays open', () => {
  const holes = (truth: { coverage: ReadonlyMap<string, { cause: string | null }> }) =>
    [...truth.coverage.values()].filter(({ cause }) => cause === 'stall').length;

  test('is a hole when the exchange has gone on meanwhile: what was between was never sent', () => {
    const { take, play } = session({ seconds: 100 });
    take();
    play(109, 120);
    const { truth, ticks } = take(second(120));
    expect(holes(truth)).toBe(1);
    const rows = [...truth.coverage.values()].sort((a, b) => a.from - b.from);
    expect(rows[0]!.to).toBeLessThanOrEqual(second(100));
    expect(rows.at(-1)!.from).toBeGreaterThanOrEqual(second(109));
    // What was traded in it is in no minute.
    expect(ticks.find(({ token }) => token === INFY)).toMatchObject({
      delta: null,
      unplaced: 10,
      trade: false,
    });
  });

  test('is none when everything comes late, be it our process or the network that was held up', () => {
    const { take, hear, play, volume } = session({ seconds: 100 });
    take();
    for (let n = 100; n < 109; n++) {
      hear(
        second(108) + 200 + n,
        packet({ token: NIFTY, ltp: 2_500_000 + n, sent: second(n) }),
        packet({ token: INFY, volume: volume(n), traded: second(n) }),
      );
    }
    play(109, 120);
    const { truth, ticks } = take(second(120));
    expect(holes(truth)).toBe(0);
    expect(ticks.filter(({ token, trade }) => token === INFY && trade)).toHaveLength(20);
  });

  test('is none on a connection that seldom ticks, nor before it is known how often it does', () => {
    const seldom = listening({ start: OPEN });
    seldom.connect(OPEN, [NIFTY, INFY]);
    const say = (n: number) =>
      seldom.hear(second(n) + 200, packet({ token: NIFTY, ltp: 2_500_000 + n, sent: second(n) }));
    seldom.hear(second(0), packet({ token: INFY, volume: 1, traded: second(0) }));
    for (let n = 0; n < 300; n += 2) say(n);
    for (let n = 306; n < 320; n += 2) say(n);
    expect(holes(seldom.take(second(330)).truth)).toBe(0);
    const young = session({ seconds: 20 });
    young.play(29, 40);
    expect(holes(young.take(second(40)).truth)).toBe(0);
  });
});
