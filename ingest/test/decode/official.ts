import { KiteTicker } from 'kiteconnect';

/** What the official parser yields for one packet; fields that its length does not carry are absent. */
export interface OfficialTick {
  tradable: boolean;
  mode: 'ltp' | 'quote' | 'full';
  instrument_token: number;
  last_price: number;
  last_traded_quantity?: number;
  average_traded_price?: number;
  volume_traded?: number;
  total_buy_quantity?: number;
  total_sell_quantity?: number;
  ohlc?: { open: number; high: number; low: number; close: number };
  last_trade_time?: Date | null;
  exchange_timestamp?: Date | null;
  oi?: number;
  oi_day_high?: number;
  oi_day_low?: number;
  depth?: Record<'buy' | 'sell', Array<{ quantity: number; price: number; orders: number }>>;
}

type Parse = (bytes: ArrayBuffer) => OfficialTick[];

/** The official client's parser, which its published types leave out. */
export function officialParser(): Parse {
  const ticker = new KiteTicker({ api_key: 'k', access_token: 't' }) as unknown as { parseBinary: Parse };
  return (bytes) => ticker.parseBinary(bytes);
}

/** A copy of `frame` in an ArrayBuffer of its own, as the official parser wants it. */
export function arrayBufferOf(frame: Buffer): ArrayBuffer {
  return new Uint8Array(frame).buffer;
}
