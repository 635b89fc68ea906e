import type pg from 'pg';
import type { FeedMode } from '../../feed/feed.js';
import type { RunQuery } from './query.js';

export interface SubscriptionRow {
  token: number;
  symbol: string;
  exchange: string;
  mode: FeedMode;
  addedAt: number;
}

export function subscriptions(run: RunQuery): Promise<SubscriptionRow[]> {
  return run<SubscriptionRow>(
    `select s.token, i.symbol, i.exchange, s.mode, s.added_at as "addedAt"
     from subscriptions s join instruments i on i.token = s.token order by i.exchange, i.symbol`,
    [],
  );
}

export function watchlists(
  run: RunQuery,
): Promise<Array<{ name: string; token: number; symbol: string; exchange: string }>> {
  return run(
    `select w.name, i.token, i.symbol, i.exchange
     from watchlists w join instruments i on i.token = w.token order by w.name, w.position, i.symbol`,
    [],
  );
}

/** Stores subscriptions and, with a name, puts them at the end of that watchlist; one transaction. */
export async function addSubscriptions(
  pool: pg.Pool,
  tokens: readonly number[],
  mode: FeedMode,
  watchlist: string | undefined,
): Promise<void> {
  await transaction(pool, async (client) => {
    await client.query(
      `insert into subscriptions (token, mode) select unnest($1::bigint[]), $2
       on conflict (token) do update set mode = excluded.mode`,
      [tokens, mode],
    );
    if (watchlist === undefined) return;
    await client.query(
      `insert into watchlists (name, token, position)
       select $2, t.token, t.n + coalesce((select max(position) from watchlists where name = $2), 0)
       from unnest($1::bigint[]) with ordinality t (token, n)
       on conflict (name, token) do nothing`,
      [tokens, watchlist],
    );
  });
}

/** @returns the tokens that were subscribed. A watchlist loses them; with `tokens` undefined it goes as a whole. */
export async function removeSubscriptions(
  pool: pg.Pool,
  tokens: readonly number[] | undefined,
  watchlist: string | undefined,
): Promise<number[]> {
  return transaction(pool, async (client) => {
    const listed = watchlist
      ? await client.query<{ token: string }>(
          `delete from watchlists where name = $1 and ($2::bigint[] is null or token = any($2)) returning token`,
          [watchlist, tokens ?? null],
        )
      : undefined;
    const wanted = tokens ?? listed?.rows.map((row) => Number(row.token)) ?? [];
    // What another watchlist still names stays subscribed.
    const { rows } = await client.query<{ token: string }>(
      `delete from subscriptions s where token = any($1::bigint[])
         and ($2::text is null or not exists (select from watchlists w where w.token = s.token))
       returning token`,
      [wanted, watchlist ?? null],
    );
    return rows.map((row) => Number(row.token));
  });
}

async function transaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    client.release(error instanceof Error);
    throw error;
  }
}
