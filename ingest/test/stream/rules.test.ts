import { once } from 'node:events';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Database } from '../../src/db/database.js';
import { at, INFY, TCS } from '../batch/market.js';
import { onPlainPostgres } from '../fixtures/databases.js';
import { openStreamDatabase, PATIENCE, type Streaming, startStream, TOKENS } from './streaming.js';

const server = onPlainPostgres();
let db: Database;
let stream: Streaming;
beforeAll(async () => {
  db = await openStreamDatabase(server);
});
afterEach(() => stream.stop());

describe('what a client says', () => {
  it('is answered with what is unknown, and the rest is subscribed', async () => {
    stream = await startStream(server, { db });
    const client = await stream.client();
    client.say({ type: 'subscribe', symbols: ['NSE:NOPE', 'nse:infy', '2953217', 'NSE:TCS'] });
    expect(await client.hears('subscribed')).toEqual({
      type: 'subscribed',
      symbols: ['NSE:INFY', 'NSE:TCS'],
      channels: ['tick'],
      intervals: [],
    });
    const error = await client.hears('error');
    expect(error).toMatchObject({ code: 'unknown_symbol', symbols: ['NSE:NOPE'] });
    expect(error.message).toContain('"NSE:NOPE"');
    await stream.play(at('10:00:06'), { traded: '10:00:06', volume: 10 });
    await expect.poll(() => client.last('tick', INFY)?.data?.['lastPrice'], PATIENCE).toBe(1500);
  });

  it('ends a subscription, of a channel or of everything', async () => {
    stream = await startStream(server, { db });
    const client = await stream.client();
    const channels = ['tick', 'bar', 'depth'];
    client.say({ type: 'subscribe', symbols: [INFY, TCS], channels, intervals: ['1m', '5m'] });
    await client.hears('subscribed');
    const play = (second: number) => {
      const now = at('10:00:06') + second * 1000;
      const said = { traded: now, volume: 10 + second, bid: 149_000 + second * 5, ltp: 150_000 + second };
      return stream.play(now, said, { ...said, token: TCS });
    };
    const kinds = () => {
      const told = client.heard.map(({ type, token, data }) =>
        `${type} ${token} ${data?.['interval'] ?? ''}`.trim(),
      );
      return [...new Set(told)].sort();
    };
    await play(0);
    await play(1);
    await expect.poll(() => kinds().length, PATIENCE).toBe(8);

    client.say({ type: 'unsubscribe', symbols: ['NSE:INFY'], channels: ['tick', 'bar'], intervals: ['5m'] });
    expect(await client.hears('unsubscribed')).toMatchObject({
      symbols: ['NSE:INFY'],
      channels: ['tick', 'bar'],
    });
    client.heard.length = 0;
    await play(2);
    const left = [
      `bar ${INFY} 1m`,
      `depth ${INFY}`,
      `bar ${TCS} 1m`,
      `bar ${TCS} 5m`,
      `depth ${TCS}`,
      `tick ${TCS}`,
    ];
    await expect.poll(kinds, PATIENCE).toEqual(left.sort());

    client.say({ type: 'unsubscribe' });
    await client.hears('unsubscribed');
    client.heard.length = 0;
    await play(3);
    client.say({ type: 'ping' });
    await client.hears('pong');
    expect(client.heard).toEqual([]);
  });

  it('gets the latest without a subscription', async () => {
    stream = await startStream(server, { db });
    await stream.play(at('10:00:06'), { traded: '10:00:05', volume: 10 });
    await stream.play(at('10:00:07'), { traded: '10:00:07', volume: 20 });
    const client = await stream.client();
    client.say({ type: 'get_latest', symbols: [INFY], channels: ['tick', 'bar'] });
    expect(await client.hears('bar')).toMatchObject({ token: INFY, data: await stream.candle(INFY, '1m') });
    client.heard.length = 0;
    await stream.play(at('10:00:08'), { traded: '10:00:08', volume: 30 });
    client.say({ type: 'ping' });
    await client.hears('pong');
    expect(client.heard).toEqual([]);
  });

  it.each([
    ['no json', 'bad_json'],
    ['[1]', 'bad_message'],
    ['{"type":"buy"}', 'bad_message'],
    ['{"type":"subscribe"}', 'bad_message'],
    ['{"type":"subscribe","symbols":"NSE:INFY"}', 'bad_message'],
    ['{"type":"subscribe","symbols":[null]}', 'bad_message'],
    ['{"type":"subscribe","symbols":["NSE:\\u0000"]}', 'bad_message'],
    ['{"type":"subscribe","symbols":["NSE:INFY"],"channels":["orders"]}', 'bad_message'],
    ['{"type":"subscribe","symbols":["NSE:INFY"],"channels":["bar"],"intervals":["2m"]}', 'bad_message'],
  ])('is refused when it is %s, and the connection goes on', async (text, code) => {
    stream = await startStream(server, { db });
    const client = await stream.client();
    client.say(text);
    expect((await client.hears('error')).code).toBe(code);
    client.say({ type: 'ping' });
    await client.hears('pong');
  });
});

describe('limits', () => {
  it('refuse more instruments than a client may have', async () => {
    stream = await startStream(server, { db, config: { stream: { symbols: 1 } } });
    const client = await stream.client();
    client.say({ type: 'subscribe', symbols: [INFY, TCS] });
    expect((await client.hears('error')).code).toBe('too_many_symbols');
    client.say({ type: 'subscribe', symbols: [INFY] });
    await client.hears('subscribed');
    client.say({ type: 'subscribe', symbols: [TCS] });
    expect((await client.hears('error')).code).toBe('too_many_symbols');
  });

  it('do not hear more than so many messages a second, and end a flood with 1008', async () => {
    stream = await startStream(server, { db, config: { stream: { messagesPerSecond: 5 } } });
    const client = await stream.client();
    for (let i = 0; i < 8; i++) client.say({ type: 'ping' });
    expect((await client.hears('error')).code).toBe('too_many_messages');
    expect(client.heard.length).toBeLessThanOrEqual(5);
    for (let i = 0; i < 30; i++) client.say({ type: 'ping' });
    await expect.poll(() => client.closed?.code, PATIENCE).toBe(1008);
  });

  it('close a connection that sends a message too large', async () => {
    stream = await startStream(server, { db, config: { stream: { messageBytes: 1000 } } });
    const client = await stream.client();
    client.say({ type: 'subscribe', symbols: ['X'.repeat(1000)] });
    await expect.poll(() => client.closed?.code, PATIENCE).toBe(1009);
  });

  it('take no more clients than so many', async () => {
    stream = await startStream(server, { db, config: { stream: { clients: 1 } } });
    await stream.client();
    expect(await refusal(stream)).toBe(503);
  });

  it('tell an instrument at most twenty times a second', async () => {
    stream = await startStream(server, { db });
    const client = await stream.client();
    client.say({ type: 'subscribe', symbols: [INFY] });
    await client.hears('subscribed');
    const began = performance.now();
    const packets = 60;
    for (let i = 0; i < packets; i++) {
      stream.hear(at('10:00:06') + i * 1000, {
        traded: at('10:00:06') + i * 1000,
        volume: 10 + i,
        ltp: 150_000 + i,
      });
      // Three at once, so that however slow this machine is there is something to conflate.
      if (i % 3 === 2) await new Promise((resolve) => setTimeout(resolve, 45));
    }
    await expect.poll(() => client.last('tick', INFY)?.data?.['lastPrice'], PATIENCE).toBe(1500.59);
    const seconds = (performance.now() - began) / 1000;
    const told = client.heard.filter(({ type }) => type === 'tick').length;
    expect(told).toBeLessThanOrEqual(20 * seconds + 3);
    expect(told).toBeLessThan(packets);
  });
});

describe('who may listen', () => {
  const secured = { token: 'all/of=it', readToken: 'reader' };

  it('is who has a token, in a header or as a subprotocol, which is never said back', async () => {
    stream = await startStream(server, { db, config: secured });
    for (const [protocols, headers] of [
      [['tickscope.v1', 'reader'], {}],
      [['reader', 'tickscope.v1'], {}],
      [['tickscope.v1', encodeURIComponent('all/of=it')], {}],
      [['tickscope.v1'], { authorization: 'Bearer reader' }],
    ] as const) {
      const client = await stream.client([...protocols], { headers });
      expect(client.socket.protocol).toBe('tickscope.v1');
    }
    expect(await refusal(stream, ['tickscope.v1', 'wrong'])).toBe(401);
    expect(await refusal(stream, ['tickscope.v1'])).toBe(401);
    expect(await refusal(stream, ['tickscope.v1'], { authorization: 'Bearer wrong' })).toBe(401);
  });

  it('is no page of another origin, whoever is logged in', async () => {
    stream = await startStream(server, { db, config: { ...secured, corsOrigins: ['https://desk.example'] } });
    const protocols = ['tickscope.v1', 'reader'];
    expect(await refusal(stream, protocols, { origin: 'https://evil.example' })).toBe(403);
    await stream.client(protocols, { origin: stream.url });
    await stream.client(protocols, { origin: 'https://desk.example' });
  });

  it('is no name that was made to point here, without a token', async () => {
    stream = await startStream(server, { db });
    expect(await refusal(stream, [], { host: 'evil.example' })).toBe(403);
    expect(await refusal(stream, [], { host: 'evil.example', origin: 'http://evil.example' })).toBe(403);
    await stream.client([], { origin: stream.url });
  });

  it('is told that this is a WebSocket', async () => {
    stream = await startStream(server, { db });
    const response = await fetch(`${stream.url}/api/stream`);
    expect(response.status).toBe(426);
    expect(((await response.json()) as { error: { code: string } }).error.code).toBe('upgrade_required');
  });
});

describe('the end', () => {
  it('says 1001 to everybody when the service stops', async () => {
    stream = await startStream(server, { db });
    const clients = [await stream.client(), await stream.client()];
    clients[0]!.say({ type: 'subscribe', symbols: [INFY], channels: ['tick', 'bar'] });
    await clients[0]!.hears('tick');
    await stream.stopApi();
    await expect.poll(() => clients.map((client) => client.closed?.code), PATIENCE).toEqual([1001, 1001]);
  });

  it('comes for a client that answers no ping', async () => {
    stream = await startStream(server, { db, config: { stream: { pingMs: 100 } } });
    const alive = await stream.client();
    const dead = await stream.client(undefined, { autoPong: false });
    await expect.poll(() => dead.closed?.code, PATIENCE).toBe(1006);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(alive.closed).toBeUndefined();
    expect(await stream.metrics.registry.metrics()).toContain(
      'stream_clients_dropped_total{reason="silent"} 1',
    );
  });

  it('comes with 1013 for a client that does not read, and not for one that only pauses', async () => {
    const limits = { bufferedBytes: 20_000, slowMs: 1_500, messagesPerSecond: 1_000_000 };
    stream = await startStream(server, { db, config: { stream: limits } });
    for (const second of ['10:00:06', '10:00:07']) {
      const said = { traded: second, volume: Number(second.slice(-2)) };
      await stream.play(at(second), ...TOKENS.map((token) => ({ ...said, token })));
    }
    const [lasting, pausing] = [await stream.client(), await stream.client()];
    const ask = JSON.stringify({
      type: 'get_latest',
      symbols: TOKENS,
      channels: ['tick', 'bar', 'depth'],
      intervals: ['1m', '5m', '15m', '1h', '1d'],
    });
    for (const client of [lasting, pausing]) {
      client.say({ type: 'subscribe', symbols: [INFY], channels: ['tick', 'depth'] });
      await client.hears('tick');
      client.socket.pause();
    }
    const conflated = async () => (await stream.metrics.streamConflated.get()).values[0]!.value;
    await flood(stream, [lasting, pausing], ask, async () => (await conflated()) > 0);
    await stream.play(at('10:00:09'), { traded: '10:00:09', volume: 20, ltp: 160_000 });
    pausing.socket.resume();
    await expect.poll(() => pausing.last('tick', INFY)?.data?.['lastPrice'], { timeout: 20_000 }).toBe(1600);
    await expect
      .poll(
        async () =>
          (await stream.metrics.streamDropped.get()).values.find(({ labels }) => labels.reason === 'slow')
            ?.value,
        {
          timeout: 20_000,
        },
      )
      .toBe(1);
    lasting.socket.resume();
    await expect.poll(() => lasting.closed !== undefined, { timeout: 20_000 }).toBe(true);
    expect(pausing.closed).toBeUndefined();
    expect([1013, 1006]).toContain(lasting.closed?.code);
  }, 180_000);
});

/** Asks without reading until `enough`: the answers fill the kernel's buffers. */
async function flood(
  { metrics }: Streaming,
  clients: ReadonlyArray<{ say(text: string): void }>,
  ask: string,
  enough: () => Promise<boolean>,
): Promise<void> {
  for (let i = 0; i < 5_000 && !(await enough()); i++) {
    for (const client of clients) client.say(ask);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect((await metrics.streamConflated.get()).values[0]!.value).toBeGreaterThan(0);
}

/** The HTTP status with which a connection is refused. */
async function refusal(
  { url }: Streaming,
  protocols: string[] = ['tickscope.v1'],
  headers: Record<string, string> = {},
): Promise<number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/stream`, protocols, { headers });
  socket.on('error', () => undefined);
  const answered = once(socket, 'unexpected-response').then(
    ([, response]) => (response as { statusCode: number }).statusCode,
  );
  const opened = once(socket, 'open').then(() => 101);
  const status = await Promise.race([answered, opened]);
  socket.terminate();
  return status;
}
