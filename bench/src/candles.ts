import type { StartApi } from './api.js';
import { writeHistory } from './candle-history.js';
import { Child } from './child.js';
import type { Answers, Asking } from './clients.js';
import { onEachServer, type Server } from './databases.js';
import { environmentNumber, rounded } from './environment.js';
import { CpuMeter } from './proc.js';
import { type BenchResult, latencies } from './result.js';

type Way = 'http' | 'call' | 'view';
const WAYS: readonly Way[] = ['http', 'call', 'view'];
const CLIENTS = [1, 16];
const ROUNDS = 3;
/** Asked before anything counts: a server that has answered for a while is what users meet. */
const WARM_UP_REQUESTS = 150;
/** Nothing listens there: a request to the broker would be a mistake of the bench, and would fail it. */
const NO_BROKER = 'http://127.0.0.1:1';

/** What is asked: by HTTP as a path, and by SQL of the view that users read. */
const QUERIES = [
  { name: 'one day of 1m', interval: '1m', view: 'candles_1m', fixedMs: 20 },
  { name: 'one year of 1d', interval: '1d', view: 'candles_1d', fixedMs: undefined },
] as const;

/**
 * Candles over HTTP against the bare SQL: the function that users call, and the view. All asked by a process beside,
 * in turns.
 */
export async function candlesBench(): Promise<BenchResult[]> {
  const history = {
    instruments: environmentNumber('BENCH_INSTRUMENTS', 500),
    days: environmentNumber('BENCH_DAYS', 10),
    reconnectsPerDay: 20,
  };
  const requests = environmentNumber('BENCH_REQUESTS', 300);
  return onEachServer(async (server) => {
    const db = await server.create();
    const api = new Child('api');
    const clients = new Child('clients');
    try {
      const { healed, days } = await writeHistory(db, history);
      const start: StartApi = { databaseUrl: db.url, kind: db.kind, calendar: 'nse', brokerUrl: NO_BROKER };
      const { url } = await api.ask<{ url: string }>({ type: 'start', ...start }, 'listening');
      const results: BenchResult[] = [];
      for (const query of QUERIES) {
        const spans = spansOf(query.interval, days);
        const pairs = healed.flatMap((token, i) => [{ token, ...spans[i % spans.length]! }]);
        const http: Asking = {
          by: 'http',
          url,
          clients: 1,
          requests: requests / ROUNDS,
          asks: pairs.map(
            (p) => `/api/candles?instrument=${p.token}&interval=${query.interval}&from=${p.from}&to=${p.to}`,
          ),
        };
        const sql = {
          by: 'sql' as const,
          url: db.url,
          clients: 1,
          requests: requests / ROUNDS,
          asks: pairs.map((p) => [p.token, p.from, p.to]),
        };
        const call: Asking = {
          ...sql,
          sql: `select * from get_candles($1, ist_midnight($2::date), ist_midnight($3::date + 1), '${query.interval}')`,
        };
        const view: Asking = {
          ...sql,
          sql: `select * from ${query.view} where instrument_token = $1 and bucket >= ist_midnight($2::date)
                  and bucket < ist_midnight($3::date + 1) order by bucket`,
        };
        for (const asking of [http, call, view]) {
          await clients.ask({ type: 'ask', ...asking, requests: WARM_UP_REQUESTS }, 'answers');
        }
        for (const count of CLIENTS) {
          const of = (asking: Asking) => ({ ...asking, clients: count });
          results.push({
            ...(await compare(
              server,
              api,
              clients,
              { http: of(http), call: of(call), view: of(view) },
              query,
            )),
            history,
          });
        }
      }
      return results;
    } finally {
      await clients.stop();
      await api.stop();
      await server.drop(db);
    }
  });
}

async function compare(
  server: Server,
  api: Child,
  clients: Child,
  asked: Record<Way, Asking>,
  query: (typeof QUERIES)[number],
): Promise<BenchResult> {
  const meter = new CpuMeter({ api: api.cpu, clients: clients.cpu, postgres: server.cpu });
  const ms: Record<Way, number[]> = { http: [], call: [], view: [] };
  const seconds: Record<Way, number> = { http: 0, call: 0, view: 0 };
  let candles = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of WAYS) {
      const answers = await clients.ask<Answers>({ type: 'ask', ...asked[way] }, 'answers');
      ms[way].push(...answers.ms);
      seconds[way] += answers.seconds;
      if (way === 'http') candles += answers.candles;
    }
  }
  const figures = (way: Way) => ({
    ...latencies(ms[way]),
    perSecond: Math.round(ms[way].length / seconds[way]),
  });
  const [ours, call, view] = [figures('http'), figures('call'), figures('view')];
  return {
    bench: 'candles',
    variant: `${server.kind}, ${query.name}, ${asked.http.clients} client${asked.http.clients > 1 ? 's' : ''}`,
    value: ours.p95,
    unit: 'ms, p95 over HTTP',
    peer: 'select * from get_candles(...)',
    peerValue: call.p95,
    ratio: rounded(ours.p95 / call.p95),
    expect: query.fixedMs ? `<= 2, and p95 <= ${query.fixedMs} ms` : '<= 2',
    database: server.label,
    http: ours,
    getCandles: call,
    view: { name: query.view, ...view },
    candlesPerAnswer: Math.round(candles / ms.http.length),
    cpuSeconds: meter.used(),
  };
}

function spansOf(interval: '1m' | '1d', days: readonly string[]): Array<{ from: string; to: string }> {
  const last = days.at(-1)!;
  if (interval === '1m') return days.map((day) => ({ from: day, to: day }));
  const yearBefore = new Date(Date.parse(`${last}T00:00:00Z`) - 365 * 86_400_000).toISOString().slice(0, 10);
  return [{ from: yearBefore, to: last }];
}
