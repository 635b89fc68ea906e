import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../src/clock.js';
import { KiteFeed, type KiteFeedOptions } from '../../../src/feed/kite/feed.js';
import { RecordingSink } from '../recording-sink.js';
import { ltpFrame, TickerServer } from '../ticker-server.js';

const NIFTY = 256265;
const VIX = 264969;
/** Much quicker than in truth, and yet slower than a loaded machine's pauses. */
const FAST = {
  bytesSilenceMs: 1000,
  tickSilenceMs: 2000,
  snapshotMs: 100,
  pingMs: 100,
  handshakeMs: 2500,
  checkMs: 10,
  backoffBaseMs: 20,
  backoffCapMs: 80,
  rateLimitBaseMs: 400,
  rateLimitCapMs: 1000,
  noPermissionRetryMs: 400,
  stableMs: 1250,
  haltReconnectMs: 8000,
};

let server: TickerServer;
let sink: RecordingSink;
let feed: KiteFeed;
let logged: string;
const tickers: NodeJS.Timeout[] = [];

function makeFeed(options: Partial<KiteFeedOptions> = {}): KiteFeed {
  const write = (line: string) => {
    logged += line;
  };
  const log = pino({ level: 'trace' }, { write });
  feed = new KiteFeed({
    url: server.url,
    apiKey: 'key-secret',
    accessToken: 'token-one',
    sink,
    clock: systemClock,
    log,
    inSession: () => false,
    timings: FAST,
    ...options,
  });
  return feed;
}

const until = <T>(condition: () => T, timeout = 20_000) =>
  vi.waitFor(
    () => {
      const value = condition();
      if (!value) throw new Error(`not so: ${condition}`);
      return value;
    },
    { timeout, interval: 5 },
  );
const state = (index = 0) => feed.status()[index]?.state;
/** Sends NIFTY ticks on `feedIndex`-th open client, or on those that `which` picks, until the test ends. */
function tick(which: () => number[]): void {
  tickers.push(
    setInterval(() => {
      for (const index of which()) server.open[index]?.socket.send(ltpFrame(NIFTY));
    }, 10),
  );
}

beforeEach(async () => {
  logged = '';
  server = await new TickerServer().start();
  sink = new RecordingSink();
});
afterEach(async () => {
  for (const timer of tickers.splice(0)) clearInterval(timer);
  feed?.stop();
  await server.stop();
  expect(logged).not.toContain('token-one');
  expect(logged).not.toContain('key-secret');
});

describe('a Kite feed', () => {
  it('subscribes every instrument in its mode, the canaries beside them, and tells the sink what it owns', async () => {
    makeFeed().setInstruments(
      new Map([
        [101, 'full'],
        [102, 'quote'],
        [103, 'ltp'],
      ]),
    );
    feed.start();
    await until(() => server.clients[0]?.modes.size === 5 && server.last.modes.get(103) === 'ltp');
    expect(Object.fromEntries(server.last.modes)).toEqual({
      101: 'full',
      102: 'quote',
      103: 'ltp',
      [NIFTY]: 'full',
      [VIX]: 'full',
    });
    expect(server.last.query.get('api_key')).toBe('key-secret');
    expect(server.last.query.get('access_token')).toBe('token-one');
    expect(sink.of('connected')).toMatchObject([{ feed: 'kite-1', tokens: [101, 102, 103] }]);
    expect(feed.status()).toMatchObject([{ feed: 'kite-1', state: 'open', subscribed: 5, reconnects: 0 }]);
  });

  it('asks again for what a connection owns, in its mode, and for nothing else', async () => {
    makeFeed().setInstruments(
      new Map([
        [101, 'full'],
        [102, 'quote'],
      ]),
    );
    expect(feed.askAgain([101])).toBe(0);
    feed.start();
    await until(() => server.clients[0]?.modes.size === 4);
    const before = server.last.messages.length;
    expect(feed.askAgain([102, 999])).toBe(1);
    await until(() => server.last.messages.length === before + 3);
    expect(server.last.messages.slice(before)).toEqual([
      { a: 'unsubscribe', v: [102] },
      { a: 'subscribe', v: [102] },
      { a: 'mode', v: ['quote', [102]] },
    ]);
    expect(sink.of('unsubscribed')).toEqual([]);
    expect(sink.of('subscribed')).toEqual([]);
  });

  it('sends 3000 tokens in messages of at most 500', async () => {
    makeFeed().setInstruments(Array.from({ length: 2998 }, (_, i) => i + 1));
    feed.start();
    await until(
      () => [...(server.clients[0]?.modes.values() ?? [])].filter((m) => m === 'full').length === 3000,
    );
    const sizes = server.last.messages.map(
      (m) => (m.a === 'mode' ? (m.v as [string, number[]])[1] : (m.v as number[])).length,
    );
    expect(Math.max(...sizes)).toBe(500);
  });

  it('hands frames over as received, keeps heartbeats to itself, and reports life at most once a second', async () => {
    makeFeed().setInstruments([101]);
    feed.start();
    await until(() => server.open.length === 1);
    server.last.socket.send(ltpFrame(101, 4242));
    await until(() => sink.of('frame').length === 1);
    await until(() => sink.of('alive').length >= 1);
    expect(sink.of('frame')[0]!.bytes.equals(ltpFrame(101, 4242))).toBe(true);
    expect(sink.of('frame').length).toBe(1);
    expect(sink.of('alive').length).toBeLessThanOrEqual(2);
    expect(feed.status()[0]!.lastTickAt).toBe(sink.of('frame')[0]!.at);
  });

  it('survives a frame that the pipeline chokes on', async () => {
    makeFeed().setInstruments([101]);
    const frame = sink.frame.bind(sink);
    sink.frame = (...args) => {
      frame(...args);
      throw new Error('no room');
    };
    feed.start();
    await until(() => server.open.length === 1);
    server.last.socket.send(ltpFrame(101));
    server.last.socket.send(ltpFrame(101));
    await until(() => sink.of('frame').length === 2);
    expect(state()).toBe('open');
    expect(logged).toContain('no room');
  });

  it('tells an open socket only what changed', async () => {
    makeFeed().setInstruments(
      new Map([
        [101, 'full'],
        [102, 'full'],
      ]),
    );
    feed.start();
    await until(() => server.clients[0]?.modes.get(102) === 'full');
    const before = server.last.messages.length;
    feed.setInstruments(
      new Map([
        [102, 'ltp'],
        [103, 'full'],
      ]),
    );
    await until(() => server.last.modes.get(103) === 'full' && server.last.modes.get(102) === 'ltp');
    expect(server.last.messages.slice(before)).toEqual([
      { a: 'unsubscribe', v: [101] },
      { a: 'subscribe', v: [103] },
      { a: 'mode', v: ['full', [103]] },
      { a: 'mode', v: ['ltp', [102]] },
    ]);
    expect(sink.of('unsubscribed')).toMatchObject([{ tokens: [101] }]);
    expect(sink.of('subscribed')).toMatchObject([{ tokens: [103] }]);
    expect(server.clients.length).toBe(1);
  });

  it('comes back after a cut with everything that was asked for meanwhile, modes included', async () => {
    makeFeed({
      random: () => 0.9,
      timings: { ...FAST, backoffBaseMs: 300, backoffCapMs: 300 },
    }).setInstruments(new Map([[101, 'quote']]));
    feed.start();
    await until(() => state() === 'open');
    server.last.socket.terminate();
    await until(() => state() === 'waiting');
    feed.setInstruments(
      new Map([
        [101, 'quote'],
        [102, 'ltp'],
      ]),
    );
    await until(() => server.clients.length === 2 && server.last.modes.get(102) === 'ltp');
    expect(server.last.modes.get(101)).toBe('quote');
    expect(sink.ends('kite-1')).toEqual(['disconnect']);
    expect(sink.of('connected').map((c) => c.tokens)).toEqual([[101], [101, 102]]);
    expect(feed.status()[0]).toMatchObject({ state: 'open', reconnects: 1 });
  });

  it('waits longer with each failed attempt, a random part of a capped ceiling', async () => {
    const asked: number[] = [];
    server.refuse = () => ({ status: 502, body: '' });
    makeFeed({
      random: () => {
        asked.push(1);
        return 0.999;
      },
    }).setInstruments([101]);
    feed.start();
    await until(() => server.attempts.length >= 6);
    const waits = server.attempts.slice(1).map((a, i) => a.at - server.attempts[i]!.at);
    for (const [i, atLeast] of [19, 39, 79, 79, 79].entries())
      expect(waits[i]).toBeGreaterThanOrEqual(atLeast - 1);
    expect(asked.length).toBeGreaterThanOrEqual(5);
    expect(sink.calls).toEqual([]);
  });

  it('gives up a socket on which not a byte comes', async () => {
    makeFeed().setInstruments([101]);
    server.heartbeatMs = 0;
    feed.start();
    await until(() => server.clients.length === 2);
    expect(sink.ends('kite-1')[0]).toBe('stall');
    const [connected] = sink.of('connected');
    const [ended] = sink.of('disconnected');
    expect(ended!.at - connected!.at).toBeGreaterThanOrEqual(FAST.bytesSilenceMs);
  });

  it('pings by itself, and gives up a socket that does not answer although bytes go on', async () => {
    makeFeed().setInstruments([101]);
    feed.start();
    await until(() => (server.clients[0]?.pings ?? 0) >= 4);
    expect(sink.ends('kite-1')).toEqual([]);
    server.autoPong = false;
    await until(() => sink.ends('kite-1').length === 1);
    expect(sink.ends('kite-1')).toEqual(['disconnect']);
    expect(logged).toContain('A ping was not answered');
  });

  it('stops asking after a 403 until there is a new access token', async () => {
    const body =
      '{"status":"error","message":"Incorrect `api_key` or `access_token`.","error_type":"TokenException"}';
    server.refuse = (token) => (token === 'token-two' ? undefined : { status: 403, body });
    makeFeed().setInstruments([101]);
    feed.start();
    await until(() => state() === 'login_needed');
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(server.attempts.length).toBe(1);
    expect(feed.status()[0]!.nextAttemptAt).toBeUndefined();
    expect(feed.status()[0]!.reason).toContain('tickscope login');
    feed.setAccessToken('token-two');
    await until(() => state() === 'open');
    expect(server.attempts.map((a) => a.token)).toEqual(['token-one', 'token-two']);
  });

  it('needs a login when it starts without a token, and connects when one comes', async () => {
    makeFeed({ accessToken: undefined }).setInstruments([101]);
    feed.start();
    expect(state()).toBe('login_needed');
    expect(server.attempts.length).toBe(0);
    feed.setAccessToken('token-one');
    await until(() => state() === 'open');
  });

  it('has a connection that says so, and carries the canaries, before anybody has chosen an instrument', async () => {
    makeFeed({ accessToken: undefined }).start();
    expect(feed.status()).toMatchObject([{ feed: 'kite-1', state: 'login_needed' }]);
    expect(feed.status()[0]!.reason).toContain('tickscope login');
    feed.setAccessToken('token-one');
    await until(() => server.clients[0]?.modes.size === 2);
    expect(sink.of('connected')).toMatchObject([{ feed: 'kite-1', tokens: [] }]);
    feed.setInstruments([101]);
    await until(() => server.last.modes.get(101) === 'full');
    expect(feed.status()).toHaveLength(1);
  });

  it('keeps an open connection when the token changes', async () => {
    makeFeed().setInstruments([101]);
    feed.start();
    await until(() => state() === 'open');
    feed.setAccessToken('token-two');
    await until(() => server.clients[0]!.pings >= 1);
    expect(server.clients.length).toBe(1);
    server.last.socket.terminate();
    await until(() => server.clients.length === 2);
    expect(server.last.query.get('access_token')).toBe('token-two');
  });

  it('tells a key without data permission from a dead token, and asks again slowly', async () => {
    const body =
      '{"status":"error","message":"Insufficient permission for that call.","error_type":"PermissionException"}';
    server.refuse = () => ({ status: 403, body });
    makeFeed().setInstruments([101]);
    feed.start();
    await until(() => state() === 'no_permission');
    expect(feed.status()[0]!.nextAttemptAt).toBeGreaterThan(Date.now());
    await until(() => server.attempts.length === 2);
    expect(server.attempts[1]!.at - server.attempts[0]!.at).toBeGreaterThanOrEqual(
      FAST.noPermissionRetryMs - 1,
    );
  });

  it('backs off longer when the upgrade is answered with 429', async () => {
    server.refuse = () =>
      server.attempts.length === 1 ? { status: 429, body: 'Too many requests' } : undefined;
    makeFeed({ random: () => 0 }).setInstruments([101]);
    feed.start();
    await until(() => state() === 'open');
    expect(server.attempts[1]!.at - server.attempts[0]!.at).toBeGreaterThanOrEqual(
      FAST.rateLimitBaseMs / 2 - 1,
    );
  });

  it('reads text frames: messages and orders pass, an error about permission ends the connection', async () => {
    makeFeed().setInstruments([101]);
    feed.start();
    await until(() => state() === 'open');
    for (const text of [
      '{"type":"message","data":"Markets are open, key-secret"}',
      '{"type":"order","data":{"order_id":"1"}}',
      '{"type":"error","data":"Something odd"}',
      'not json',
      '[]',
      'null',
    ]) {
      server.last.socket.send(text);
    }
    await until(() => logged.includes('Something odd'));
    expect(logged).toContain('Markets are open');
    expect(state()).toBe('open');
    server.last.socket.send('{"type":"error","data":"No permission for market data"}');
    await until(() => state() === 'no_permission');
    expect(sink.ends('kite-1')).toEqual(['disconnect']);
  });

  it('reports `restart` when it is stopped, says nothing afterwards, and may be stopped twice and started again', async () => {
    makeFeed().setInstruments([101]);
    feed.start();
    await until(() => state() === 'open');
    feed.stop();
    feed.stop();
    expect(sink.ends('kite-1')).toEqual(['restart']);
    const calls = sink.calls.length;
    await until(() => server.open.length === 0);
    expect(sink.calls.length).toBe(calls);
    expect(state()).toBe('closed');
    feed.start();
    await until(() => state() === 'open');
  });

  it('stops cleanly in the middle of connecting', async () => {
    makeFeed().setInstruments([101]);
    feed.start();
    expect(state()).toBe('connecting');
    feed.stop();
    await until(() => server.open.length === 0);
    expect(sink.calls).toEqual([]);
  });

  it('refuses a ticker URL that is none', () => {
    expect(() => makeFeed({ url: 'http://127.0.0.1' })).toThrow(/ws:/);
  });
});

describe('a Kite feed in session', () => {
  /** Three tokens over two connections. */
  const two = (options: Partial<KiteFeedOptions> = {}): void => {
    makeFeed({ maxInstrumentsPerConnection: 4, inSession: () => true, ...options }).setInstruments([
      101, 102, 103,
    ]);
    feed.start();
  };

  it('finds the connection that heartbeats but ticks no more, while another one does', async () => {
    two();
    await until(() => server.open.length === 2);
    const first = server.open[0]!;
    const isSecond = (index: number) => server.open[index] !== first;
    tick(() => [0, 1].filter(isSecond));
    await until(() => sink.of('disconnected').length > 0);
    expect(sink.of('disconnected').every((c) => c.cause === 'stall')).toBe(true);
    const stalled = sink.of('disconnected')[0]!.feed;
    await until(() => sink.of('connected').filter((c) => c.feed === stalled).length === 2);
    expect(new Set(sink.of('disconnected').map((c) => c.feed))).toEqual(new Set([stalled]));
  });

  it('takes silence everywhere for a halt, and reconnects once a minute at most', async () => {
    two();
    await until(() => server.open.length === 2);
    let ticking = true;
    tick(() => (ticking ? [0, 1] : []));
    await until(() => sink.of('frame').length > 20);
    ticking = false;
    await until(() => sink.of('disconnected').length === 2);
    expect([...sink.ends('kite-1'), ...sink.ends('kite-2')]).toEqual(['halt', 'halt']);
    const haltedAt = sink.of('disconnected')[0]!.at;
    await until(() => sink.of('disconnected').length === 4);
    expect(sink.of('disconnected')[2]!.at - haltedAt).toBeGreaterThanOrEqual(FAST.haltReconnectMs);
    expect(new Set(sink.of('disconnected').map((c) => c.cause))).toEqual(new Set(['halt']));
  });

  it('asks a REST quote when there is no other connection, and calls it a stall if that moves', async () => {
    const quoteMoves = vi.fn(async () => true);
    makeFeed({ inSession: () => true, quoteMoves }).setInstruments([101]);
    feed.start();
    await until(() => sink.ends('kite-1').length === 1);
    expect(sink.ends('kite-1')).toEqual(['stall']);
    expect(quoteMoves).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['does not move', async () => false],
    [
      'cannot be had',
      async () => {
        throw new Error('503');
      },
    ],
  ])('suspects a halt when the REST quote %s', async (_what, quoteMoves: () => Promise<boolean>) => {
    makeFeed({ inSession: () => true, quoteMoves }).setInstruments([101]);
    feed.start();
    await until(() => sink.ends('kite-1').length === 1);
    expect(sink.ends('kite-1')).toEqual(['halt']);
  });

  it('changes nothing when ticks came back while the REST quote was asked', async () => {
    let asked = 0;
    const quoteMoves = async () => {
      asked++;
      server.open[0]!.socket.send(ltpFrame(NIFTY));
      await new Promise((resolve) => setTimeout(resolve, 200));
      return true;
    };
    makeFeed({ inSession: () => true, quoteMoves }).setInstruments([101]);
    feed.start();
    await until(() => asked >= 2);
    expect(sink.ends('kite-1')).toEqual([]);
  });

  it('judges by bytes alone while no canary is in session', async () => {
    two({ inSession: () => false });
    await until(() => server.open.length === 2);
    tick(() => [1]);
    await until(() => server.open.every((c) => c.pings > 15));
    expect(sink.of('disconnected')).toEqual([]);
  });

  it('gives a connection the whole silence from the open on, not from yesterday', async () => {
    let open = false;
    two({ inSession: () => open });
    sink.inSession = 0;
    await until(() => server.open.length === 2 && server.open.every((c) => c.pings > 8));
    open = true;
    const openedAt = Date.now();
    await until(() => sink.of('disconnected').length > 0);
    expect(sink.of('disconnected')[0]!.at - openedAt).toBeGreaterThanOrEqual(FAST.tickSilenceMs - 1);
  });
});
