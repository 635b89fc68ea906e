import { afterEach, describe, expect, it } from 'vitest';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.js';
import { ltpOf, tradeTimeOf, until, volumeOf, WireClient, wait } from './wire.js';

const NIFTY = 256265;
/** A running clock that stands at `start` now. */
const clockAt = (start: string) => {
  const offset = Date.parse(start) - Date.now();
  return { now: () => Date.now() + offset };
};

describe('the stream', () => {
  const started: Simulator[] = [];
  const clients: WireClient[] = [];
  const start = async (options: Partial<SimulatorOptions>) => {
    const simulator = await startSimulator({
      port: 0,
      rate: 0,
      clock: clockAt('2026-11-20T06:00:00Z'),
      ...options,
    });
    started.push(simulator);
    return simulator;
  };
  const connect = async (simulator: Simulator, query = '') => {
    const client = await WireClient.connect(`${simulator.wsUrl}/?${query}`);
    clients.push(client);
    return client;
  };
  const control = (simulator: Simulator, path: string, body?: unknown) =>
    fetch(
      `${simulator.url}/simulator/${path}`,
      body === undefined
        ? {}
        : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
    ).then((response) => response.json() as Promise<Record<string, unknown>>);

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const simulator of started.splice(0)) await simulator.stop();
  });

  it('sends every trade as a packet of its own, with the volume and price that history will tell', async () => {
    const simulator = await start({ rate: 500, ledger: true });
    const { exchange } = simulator;
    const client = await connect(simulator);
    client.full(exchange.instruments.map((i) => i.token));
    await until(() => new Set(client.packets.map((p) => p.token)).size === exchange.instruments.length);
    await wait(2500);
    let trades = 0;
    for (const { token, type } of exchange.instruments) {
      const bodies = client.of(token).filter((b) => b.length === 184);
      if (type === 'INDEX' || bodies.length < 2) continue;
      const seen = new Map(bodies.map((b) => [volumeOf(b), b]));
      const last = bodies.at(-1)!;
      // From the first whole second after the snapshot to the last packet that came.
      const from = (tradeTimeOf(bodies[0]!) + 1) * 1000;
      const events = exchange.eventsBetween(token, from, (tradeTimeOf(last) + 1) * 1000);
      for (const event of events.filter((e) => e.kind === 'trade')) {
        const { volume } = exchange.packetAt(token, event.at);
        if (volume > volumeOf(last)) break;
        trades++;
        const body = seen.get(volume);
        expect(body && [ltpOf(body), tradeTimeOf(body)]).toEqual([
          event.pricePaise,
          Math.floor(event.at / 1000),
        ]);
      }
    }
    expect(trades).toBeGreaterThan(100);
    const sent = (await control(simulator, `sent?token=${NIFTY}`)) as {
      instruments: Array<{ token: number; trades: number }>;
      events: unknown[];
    };
    expect(sent.events.length).toBe(sent.instruments.find((i) => i.token === NIFTY)!.trades);
  });

  it('sends snapshots whatever their age, and heartbeats, outside the sessions', async () => {
    const simulator = await start({
      clock: clockAt('2026-11-21T06:00:00Z'),
      calendar: (await import('../../src/sessions/nse-calendar.js')).nseCalendar(),
      rate: 5000,
    });
    const client = await connect(simulator);
    const infy = simulator.exchange.named('NSE:INFY')!.token;
    client.full([NIFTY, infy]);
    await until(() => client.heartbeats > 1);
    expect(client.of(infy)).toHaveLength(2);
    expect(client.of(NIFTY)).toHaveLength(2);
    const snapshot = client.of(infy)[1]!;
    const [day] = simulator.exchange.dayCandles(infy, Date.parse('2026-11-19T18:30:00Z'), Date.now() + 1e12);
    expect([volumeOf(snapshot), ltpOf(snapshot)]).toEqual([day!.volume, day!.close]);
  });

  it('conflates to one packet an instrument in a window without changing what was traded', async () => {
    const clock = clockAt('2026-11-20T06:00:00Z');
    const simulator = await start({ clock, conflateMs: 500 });
    const { exchange } = simulator;
    const tokens = exchange.instruments.filter((i) => i.type === 'EQ').map((i) => i.token);
    const client = await connect(simulator);
    client.full(tokens);
    await until(() => client.packets.length > 2 * tokens.length + 60);
    let live = 0;
    for (const token of tokens) {
      const bodies = client.of(token).slice(2);
      live += bodies.length;
      const seconds = bodies.map((b) => b.readUInt32BE(60));
      expect(bodies.length).toBeLessThanOrEqual(2 * new Set(seconds).size);
      for (const body of bodies) {
        const second = tradeTimeOf(body) * 1000;
        const traded = exchange.eventsBetween(token, second, second + 1000);
        expect(traded.map((e) => exchange.packetAt(token, e.at).volume)).toContain(volumeOf(body));
      }
    }
    expect(live).toBeGreaterThan(30);
  });

  it('reaches the rate asked for by moving depth only', async () => {
    const simulator = await start({ rate: 20_000, instruments: 600 });
    const tokens = simulator.exchange.instruments.map((i) => i.token);
    const client = await connect(simulator);
    client.full(tokens);
    await until(() => client.packets.length > 10_000);
    const [before, from] = [client.packets.length, performance.now()];
    // What trades alone would move takes minutes for so many.
    await until(() => client.packets.length > before + 20_000);
    const seconds = (performance.now() - from) / 1000;
    // A starved machine takes longer, never less.
    expect(seconds).toBeGreaterThan(0.8);
  });

  it('keeps the limits of a connection and of a key', async () => {
    const simulator = await start({ instruments: 3200, apiKey: 'k', accessToken: 't' });
    await expect(connect(simulator, 'api_key=k&access_token=x')).rejects.toThrow('403');
    const client = await connect(simulator, 'api_key=k&access_token=t');
    const tokens = simulator.exchange.instruments.map((i) => i.token);
    client.socket.send(JSON.stringify({ a: 'subscribe', v: tokens }));
    client.socket.send('nonsense');
    await until(() => client.texts.length === 2);
    expect(client.texts).toMatchObject([{ type: 'error' }, { type: 'error' }]);
    expect(client.packets).toHaveLength(0);
    await connect(simulator, 'api_key=k&access_token=t');
    await connect(simulator, 'api_key=k&access_token=t');
    await expect(connect(simulator, 'api_key=k&access_token=t')).rejects.toThrow('429');
  });

  it('breaks the feed on demand', async () => {
    const simulator = await start({ rate: 200 });
    const infy = simulator.exchange.named('NSE:INFY')!.token;
    const client = await connect(simulator);
    client.full([infy, NIFTY]);
    await until(() => client.of(infy).length > 5);
    const clear = () => fetch(`${simulator.url}/simulator/faults`, { method: 'DELETE' });
    await control(simulator, 'faults', { kind: 'heartbeatOnly' });
    await wait(300);
    const [packets, beats] = [client.packets.length, client.heartbeats];
    await until(() => client.heartbeats > beats);
    expect(client.packets.length).toBe(packets);
    await clear();
    await until(() => client.packets.length > packets);

    await control(simulator, 'faults', { kind: 'stall' });
    await wait(300);
    const stalled = [client.packets.length, client.heartbeats];
    await wait(1200);
    expect([client.packets.length, client.heartbeats]).toEqual(stalled);
    await clear();

    await control(simulator, 'faults', { kind: 'unknownPacket' });
    await control(simulator, 'faults', { kind: 'duplicate', tokens: [infy] });
    await until(() => client.packets.some((p) => p.body.length === 20));
    await until(() => {
      const bodies = client.of(infy).map((b) => b.toString('hex'));
      return bodies.some((body, i) => i > 0 && body === bodies[i - 1]);
    });
    expect(client.packets.filter((p) => p.body.length === 20)).toHaveLength(1);

    await control(simulator, 'faults', { kind: 'truncatedFrame' });
    await until(() => client.frames.some((frame) => endsInsidePacket(frame)));

    await control(simulator, 'faults', { kind: 'corruptFrame' });
    const known = new Set([44, 184, 28, 32, 20]);
    await until(() => client.frames.some((frame) => frame.length > 2 && !known.has(frame.readUInt16BE(2))));

    expect(await control(simulator, 'message', { type: 'order', data: { id: 1 } })).toEqual({ sent: 1 });
    expect(await control(simulator, 'faults', { kind: 'nonsense' })).toMatchObject({ status: 'error' });
    await control(simulator, 'faults', { kind: 'drop', seconds: 4 });
    await until(() => client.closed);
    expect(client.texts).toEqual([{ type: 'order', data: { id: 1 } }]);
    await expect(connect(simulator)).rejects.toThrow();
    await wait(4100);
    await connect(simulator);
  });

  it('holds a trade back and hides volume on demand', async () => {
    const simulator = await start({});
    const tokens = simulator.exchange.instruments.filter((i) => i.type === 'EQ').map((i) => i.token);
    const client = await connect(simulator);
    client.full(tokens);
    await wait(100);
    await control(simulator, 'faults', { kind: 'lateTick', seconds: 2, count: 20 });
    await until(() =>
      tokens.some((token) => {
        const volumes = client.of(token).slice(2).map(volumeOf);
        return volumes.some((volume, i) => i > 0 && volume < volumes[i - 1]!);
      }),
    );
    const hidden = tokens.slice(0, 25);
    await control(simulator, 'faults', { kind: 'volumeLump', tokens: hidden });
    await wait(300);
    const before = client.packets.length;
    await until(() => client.packets.length > before + 10);
    const since = client.packets.slice(before);
    expect(since.length).toBeGreaterThan(0);
    expect(since.filter((p) => hidden.includes(p.token))).toHaveLength(0);
  });

  it('fails REST requests on demand', async () => {
    const simulator = await start({});
    const status = () => fetch(`${simulator.url}/user/profile`).then((response) => response.status);
    for (const [kind, code] of [
      ['rate429', 429],
      ['http500', 500],
      ['reject403', 403],
    ] as const) {
      await control(simulator, 'faults', { kind, count: 1 });
      expect([await status(), await status()]).toEqual([code, 200]);
    }
    const day = `${simulator.url}/instruments/historical/${NIFTY}/day?from=2026-11-01&to=2026-11-10`;
    await control(simulator, 'faults', { kind: 'emptyHistory', count: 1 });
    const candles = () =>
      fetch(day).then(
        async (r) => ((await r.json()) as { data: { candles: unknown[] } }).data.candles.length,
      );
    expect([await candles(), await candles()]).toEqual([0, 10]);
    const now = Date.parse('2026-11-20T06:00:00Z');
    const minutes = `${simulator.url}/instruments/historical/${NIFTY}/minute?from=2026-11-20&to=2026-11-20`;
    const lastMinute = async () => {
      const { data } = (await (await fetch(minutes)).json()) as { data: { candles: Array<[string]> } };
      return Date.parse(data.candles.at(-1)![0].replace('+0530', '+05:30'));
    };
    await control(simulator, 'faults', { kind: 'clockSkew', skewMs: -600_000 });
    expect(now - (await lastMinute())).toBeGreaterThan(500_000);
    await fetch(`${simulator.url}/simulator/faults`, { method: 'DELETE' });
    await wait(1000);
    expect(now - (await lastMinute())).toBeLessThan(120_000);
    await control(simulator, 'faults', { kind: 'slow', latencyMs: 300, count: 1 });
    const before = performance.now();
    await status();
    expect(performance.now() - before).toBeGreaterThan(280);
    const info = await control(simulator, 'info');
    expect(info).toMatchObject({ origin: 'simulator:1', settleSeconds: 2, calendar: 'always' });
    expect(await control(simulator, 'calendar')).toMatchObject({ exchange: 'NSE', timezone: 'Asia/Kolkata' });
  });
});

function endsInsidePacket(frame: Buffer): boolean {
  let at = 2;
  for (let left = frame.readUInt16BE(0); left > 0; left--) {
    if (at + 2 > frame.length) return true;
    at += 2 + frame.readUInt16BE(at);
  }
  return at !== frame.length;
}
