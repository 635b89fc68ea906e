import { Agent, request } from 'node:http';
import pg from 'pg';
import { serveParent, tellParent } from './child.js';

/*
 * Those who ask for candles, a process of its own: so many at once, each asking again as soon as it is answered.
 * Message: `ask` -> `answers` with the time of each answer, parsed, in milliseconds.
 */

export interface Asking {
  readonly by: 'http' | 'sql';
  /** Of the API or of the database. */
  readonly url: string;
  readonly clients: number;
  readonly requests: number;
  /** Paths of the API, or parameters of `sql`. Taken in turn. */
  readonly asks: ReadonlyArray<string | readonly unknown[]>;
  readonly sql?: string;
}

export interface Answers {
  readonly ms: number[];
  readonly seconds: number;
  /** Candles in all answers together. */
  readonly candles: number;
}

/** As ours: workers and JIT cost more to start than these queries take. */
const SESSION_OPTIONS = '-c max_parallel_workers_per_gather=0 -c jit=off -c timezone=UTC';

type Ask = (what: string | readonly unknown[]) => Promise<number>;

async function ask(asking: Asking): Promise<Answers> {
  const askers: Ask[] = [];
  const ends: Array<() => unknown> = [];
  for (let i = 0; i < asking.clients; i++) {
    if (asking.by === 'http') {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      ends.push(() => agent.destroy());
      askers.push((path) => overHttp(agent, asking.url + String(path)));
    } else {
      const client = new pg.Client({ connectionString: asking.url, options: SESSION_OPTIONS });
      await client.connect();
      ends.push(() => client.end());
      askers.push(async (values) => {
        const { rows } = await client.query(asking.sql!, values as unknown[]);
        return rows.length;
      });
    }
  }
  try {
    for (const asker of askers) await asker(asking.asks[0]!); // connections and plans are warm
    return await timed(askers, asking);
  } finally {
    for (const end of ends) await end();
  }
}

async function timed(askers: readonly Ask[], { requests, asks }: Asking): Promise<Answers> {
  const ms: number[] = [];
  let candles = 0;
  let next = 0;
  const began = performance.now();
  await Promise.all(
    askers.map(async (asker) => {
      while (next < requests) {
        const what = asks[next++ % asks.length]!;
        const start = performance.now();
        const answered = await asker(what);
        candles += answered;
        ms.push(performance.now() - start);
      }
    }),
  );
  return { ms, seconds: (performance.now() - began) / 1000, candles };
}

function overHttp(agent: Agent, url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        if (response.statusCode !== 200) return reject(new Error(`${url}: ${response.statusCode} ${text}`));
        const { candles, gaps } = JSON.parse(text) as { candles: unknown[]; gaps: unknown[] };
        if (gaps.length > 0) return reject(new Error(`${url} has gaps: it would be healed, not read.`));
        resolve(candles.length);
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

serveParent({
  ask: async (message) => tellParent({ type: 'answers', ...(await ask(message as unknown as Asking)) }),
});
