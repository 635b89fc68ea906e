import type pg from 'pg';
import type { Database } from './database.js';

const TABLES = ['broker_candles', 'merged_candles', 'live_coverage', 'coverage_exceptions', 'tick_rejects'];
const RAW = ['tick_data', 'depth_books'];
const AGGREGATES = [
  'tick_candles_1m',
  'tick_candles_5m',
  'tick_candles_15m',
  'tick_candles_1h',
  'tick_candles_1d',
];

/** Bytes on disk, indexes included, of what grows, and of the whole database (`total`). Reads file sizes only. */
export async function readSizes(
  client: pg.Client,
  kind: Database['kind'],
): Promise<Array<{ relation: string; bytes: number }>> {
  const sizes = kind === 'timescale' ? TIMESCALE_SIZES : PLAIN_SIZES;
  const { rows } = await client.query<{ relation: string; bytes: number }>(sizes, [TABLES, RAW, AGGREGATES]);
  return rows;
}

const PLAIN_SIZES = `
  select r as relation, pg_total_relation_size(r::regclass) as bytes from unnest($1::text[]) r
  union all
  select r, (select coalesce(sum(pg_total_relation_size(relid)), 0)::bigint from pg_partition_tree(r::regclass))
  from unnest($2::text[]) r
  union all
  select r, pg_total_relation_size(replace(r, 'tick_candles', 'tick_rollup')::regclass) from unnest($3::text[]) r
  union all
  select 'total', pg_database_size(current_database())`;

const TIMESCALE_SIZES = `
  select r as relation, pg_total_relation_size(r::regclass) as bytes from unnest($1::text[]) r
  union all
  select r, hypertable_approximate_size(r::regclass) from unnest($2::text[]) r
  union all
  select c.view_name, hypertable_approximate_size(format('%I.%I', c.materialization_hypertable_schema,
                                                         c.materialization_hypertable_name)::regclass)
  from timescaledb_information.continuous_aggregates c where c.view_name = any ($3::text[])
  union all
  select 'total', pg_database_size(current_database())`;
