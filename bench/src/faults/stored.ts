import type { Cluster } from './cluster.js';

/** A row of tick_data. */
export interface StoredTick {
  readonly seq: string;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  /** The same as a sent packet's. */
  readonly mark: string;
}

const paise = (column: string) => `coalesce(round(${column} * 100), 0)`;
const seconds = (column: string) => `coalesce(extract(epoch from ${column})::bigint, 0)`;
const count = (column: string) => `coalesce(${column}, 0)`;

const INDEX_MARK = [
  ...['ltp', 'day_open', 'day_high', 'day_low', 'previous_close'].map(paise),
  seconds('exchange_time'),
];
const QUOTE_MARK = [
  paise('ltp'),
  count('last_qty'),
  paise('average_price'),
  ...['volume', 'total_bid_qty', 'total_ask_qty'].map(count),
  ...['day_open', 'day_high', 'day_low', 'previous_close'].map(paise),
];
const FULL_MARK = [
  ...QUOTE_MARK,
  ...['last_trade_time', 'exchange_time'].map(seconds),
  count('bid_qty'),
  paise('bid_price'),
  count('ask_qty'),
  paise('ask_price'),
  `coalesce(open_interest::text, '')`,
];

/** Ticks of one instrument in the order of their receipt. */
export async function readStored(cluster: Cluster, token: number, index: boolean): Promise<StoredTick[]> {
  const joined = (parts: readonly string[]) => `concat_ws(' ', ${parts.join(', ')})`;
  const mark = index
    ? joined(INDEX_MARK)
    : `case when exchange_time is null then ${joined(QUOTE_MARK)} else ${joined(FULL_MARK)} end`;
  return cluster
    .query<{ seq: string; receivedAt: number; mark: string }>(
      `select seq::text, extract(epoch from received_at)::float8 * 1000 as "receivedAt", ${mark} as mark
     from tick_data where instrument_token = $1 order by seq`,
      [token],
    )
    .then((rows) => rows.map(({ seq, receivedAt, mark }) => ({ seq, receivedAt, mark })));
}
