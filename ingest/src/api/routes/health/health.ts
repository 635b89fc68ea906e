import Type from 'typebox';
import type { ApiContext, App } from '../../context.js';
import { NullableInteger, NullableNumber, NullableString, Origin } from '../../schemas/common.js';
import { databaseFacts } from '../../sql/health.js';
import { FeedItem, feedItems } from '../api/status.js';
import { feedHealthItems, feedHealthParts } from './feed.js';

/** A database that has not answered by then is as good as gone. */
const PATIENCE_MS = 2_000;

const Check = Type.Object({ ok: Type.Boolean(), message: Type.String() });
const both = (schema: ReturnType<typeof Type.Object>) => ({ 200: schema, 503: schema });

const Liveness = Type.Object({
  status: Type.String(),
  version: Type.String(),
  origin: Origin,
  uptimeSeconds: Type.Integer(),
});
const Readiness = Type.Object({ status: Type.String(), database: Check, feed: Check });
const DatabaseHealth = Type.Object({
  status: Type.String(),
  kind: Type.String(),
  version: NullableString,
  timescale: NullableString,
  bytes: NullableInteger,
  latencyMs: NullableNumber,
  pool: Type.Object({ total: Type.Integer(), idle: Type.Integer(), waiting: Type.Integer() }),
  message: Type.String(),
});
const FeedHealth = Type.Object({
  status: Type.String(),
  marketOpen: Type.Boolean(),
  feeds: Type.Array(FeedItem),
  ...feedHealthParts,
  message: Type.String(),
});

/** `/health` says that the process lives; the others answer 503 when what they look at does not work. */
export function healthRoutes(app: App, context: ApiContext): void {
  const { services, run } = context;
  const tags = ['health'];
  const config = { access: 'open' as const };

  app.get(
    '/health',
    {
      // Never refused: who is told 429 by a liveness probe restarts a healthy process.
      config: { ...config, rateLimit: false as const },
      schema: { tags, summary: 'Alive', response: { 200: Liveness } },
    },
    async () => ({
      status: 'ok',
      version: services.version,
      origin: services.origin,
      uptimeSeconds: Math.floor(process.uptime()),
    }),
  );

  app.get(
    '/health/ready',
    {
      config,
      schema: { tags, summary: 'Database answers and a feed is connected', response: both(Readiness) },
    },
    async (_request, reply) => {
      const [database, feed] = [await databaseCheck(context), feedCheck(context)];
      const ok = database.ok && feed.ok;
      return reply.code(ok ? 200 : 503).send({ status: ok ? 'ok' : 'not_ready', database, feed });
    },
  );

  app.get(
    '/health/db',
    { config, schema: { tags, summary: 'The database', response: both(DatabaseHealth) } },
    async (_request, reply) => {
      const { kind, pool } = services.db;
      const sizes = { total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount };
      const started = performance.now();
      try {
        const facts = await withinPatience(databaseFacts(run));
        const latencyMs = Math.round((performance.now() - started) * 100) / 100;
        return { status: 'ok', kind, ...facts, latencyMs, pool: sizes, message: 'The database answers.' };
      } catch {
        return reply.code(503).send({
          status: 'down',
          kind,
          version: null,
          timescale: null,
          bytes: null,
          latencyMs: null,
          pool: sizes,
          message: DATABASE_AWAY,
        });
      }
    },
  );

  app.get(
    '/health/feed',
    { config, schema: { tags, summary: 'The connections', response: both(FeedHealth) } },
    async (_request, reply) => {
      const { ok, message } = feedCheck(context);
      return reply.code(ok ? 200 : 503).send({
        status: ok ? 'ok' : 'down',
        marketOpen: services.marketOpen(),
        feeds: feedItems(services),
        ...feedHealthItems(context),
        message,
      });
    },
  );
}

const DATABASE_AWAY = `The database does not answer within ${PATIENCE_MS / 1000} s.`;

async function databaseCheck({ run, services }: ApiContext): Promise<{ ok: boolean; message: string }> {
  try {
    await withinPatience(run('select 1', []));
    services.metrics.dbUp.set(1);
    return { ok: true, message: 'The database answers.' };
  } catch {
    services.metrics.dbUp.set(0);
    return { ok: false, message: DATABASE_AWAY };
  }
}

function feedCheck({ services }: ApiContext): { ok: boolean; message: string } {
  const feeds = services.feeds();
  if (feeds.length === 0) return { ok: false, message: 'No feed has been started.' };
  const down = feeds.filter(({ connected }) => !connected);
  if (down.length > 0) {
    const names = down.map(({ feed, problem }) => (problem ? `${feed} (${problem})` : feed));
    return { ok: false, message: `Not connected: ${names.join(', ')}.` };
  }
  return {
    ok: true,
    message: feeds.length === 1 ? 'The feed is connected.' : `All ${feeds.length} feeds are connected.`,
  };
}

async function withinPatience<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('timed out')), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
