import { KiteTicker } from 'kiteconnect';
import pg from 'pg';
import { serveParent, tellParent } from './child.js';

/*
 * The peer of the ingest bench, a process of its own: what a weekend project does. The official client's `ticks`
 * callback fills an array, a loop writes it by multi-row INSERT through pg, a thousand rows a statement, one
 * transaction each. It writes the same columns of ticks as ours, except those that need state (volume per trade,
 * session), which it fills by constants, and no depth at all.
 */

const ROWS_PER_INSERT = 1000;

/** The part of the official client's tick that is stored. */
interface OfficialTick {
  readonly instrument_token: number;
  readonly last_price: number;
  readonly last_traded_quantity?: number;
  readonly average_traded_price?: number;
  readonly volume_traded?: number;
  readonly total_buy_quantity?: number;
  readonly total_sell_quantity?: number;
  readonly ohlc: { open: number; high: number; low: number; close: number };
  readonly last_trade_time?: Date;
  readonly exchange_timestamp?: Date;
  readonly oi?: number;
  readonly depth?: Record<'buy' | 'sell', ReadonlyArray<{ price: number; quantity: number }>>;
}

/** The official typings leave out `root`, and give events no payload. */
interface OfficialTicker {
  on(event: 'ticks', listener: (ticks: OfficialTick[]) => void): void;
  on(event: 'connect', listener: () => void): void;
  connect(): void;
  disconnect(): void;
  subscribe(tokens: number[]): void;
  setMode(mode: 'full', tokens: number[]): void;
}

const COLUMNS = [
  'time',
  'seq',
  'instrument_token',
  'last_trade_time',
  'exchange_time',
  'ltp',
  'high',
  'low',
  'last_qty',
  'volume',
  'volume_delta',
  'volume_unplaced',
  'open_interest',
  'average_price',
  'day_open',
  'day_high',
  'day_low',
  'previous_close',
  'bid_price',
  'ask_price',
  'bid_qty',
  'ask_qty',
  'total_bid_qty',
  'total_ask_qty',
  'is_trade',
  'in_session',
  'time_source',
  'broker',
  'received_at',
];

function columnsOf(tick: OfficialTick, seq: number, receivedAt: Date): unknown[] {
  const { ohlc, depth } = tick;
  return [
    tick.last_trade_time ?? tick.exchange_timestamp ?? receivedAt,
    seq,
    tick.instrument_token,
    tick.last_trade_time,
    tick.exchange_timestamp,
    tick.last_price,
    tick.last_price,
    tick.last_price,
    tick.last_traded_quantity,
    tick.volume_traded,
    null,
    null,
    tick.oi,
    tick.average_traded_price,
    ohlc.open,
    ohlc.high,
    ohlc.low,
    ohlc.close,
    depth?.buy[0]?.price,
    depth?.sell[0]?.price,
    depth?.buy[0]?.quantity,
    depth?.sell[0]?.quantity,
    tick.total_buy_quantity,
    tick.total_sell_quantity,
    true,
    true,
    't',
    'kite',
    receivedAt,
  ];
}

function insertOf(rows: number): string {
  const row = (r: number) => `(${COLUMNS.map((_, c) => `$${r * COLUMNS.length + c + 1}`).join(',')})`;
  return `insert into tick_data (${COLUMNS.join(',')}) values ${Array.from({ length: rows }, (_, r) => row(r)).join(',')}`;
}

async function start(url: string, databaseUrl: string, tokens: number[]): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const params = { api_key: 'bench', access_token: 'bench', root: url, reconnect: false };
  const ticker = new KiteTicker(
    params as unknown as { api_key: string; access_token: string },
  ) as unknown as OfficialTicker;
  let waiting: Array<{ tick: OfficialTick; receivedAt: Date }> = [];
  let seq = 0;
  let writing = false;
  const fullInsert = insertOf(ROWS_PER_INSERT);

  const write = async () => {
    writing = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, ROWS_PER_INSERT);
      waiting = waiting.slice(ROWS_PER_INSERT);
      const text = batch.length === ROWS_PER_INSERT ? fullInsert : insertOf(batch.length);
      await client.query(
        text,
        batch.flatMap(({ tick, receivedAt }) => columnsOf(tick, seq++, receivedAt)),
      );
      tellParent({ type: 'committed', packets: seq, at: Date.now() });
    }
    writing = false;
  };
  ticker.on('ticks', (ticks) => {
    const receivedAt = new Date();
    for (const tick of ticks) waiting.push({ tick, receivedAt });
    if (!writing) write().catch((error: unknown) => tellParent({ type: 'failed', message: String(error) }));
  });
  ticker.on('connect', () => {
    ticker.subscribe(tokens);
    ticker.setMode('full', tokens);
  });
  ticker.connect();
}

serveParent({
  start: (message) =>
    start(message['url'] as string, message['databaseUrl'] as string, message['tokens'] as number[]),
});
