import { expect } from 'vitest';
import { DEPTH_OFFSET, FULL_PACKET_BYTES, type TickColumns } from '../../src/decode/columns.js';
import { priceDivisor } from '../../src/instruments/instrument.js';
import type { OfficialTick } from './official.js';

/** Row `row` of the columns in the official parser's words, so that the two can be compared field by field. */
export function officialView(out: TickColumns, row: number): Omit<OfficialTick, 'tradable' | 'mode'> {
  const token = out.token[row]!;
  const divisor = priceDivisor(token);
  const length = out.packetLength[row]!;
  const price = (column: Int32Array) => column[row]! / divisor;
  const time = (column: Uint32Array) => (column[row] ? new Date(column[row]! * 1000) : null);
  const tick: Omit<OfficialTick, 'tradable' | 'mode'> = {
    instrument_token: token,
    last_price: price(out.ltp),
  };
  if (length > 8) {
    tick.ohlc = {
      open: price(out.dayOpen),
      high: price(out.dayHigh),
      low: price(out.dayLow),
      close: price(out.previousClose),
    };
  }
  if (length >= 44) {
    tick.last_traded_quantity = out.lastQuantity[row]!;
    tick.average_traded_price = price(out.averagePrice);
    tick.volume_traded = out.volume[row]!;
    tick.total_buy_quantity = out.totalBuyQuantity[row]!;
    tick.total_sell_quantity = out.totalSellQuantity[row]!;
  }
  if (length === 32 || length === 184) tick.exchange_timestamp = time(out.exchangeTime);
  if (length === 184) {
    tick.last_trade_time = time(out.lastTradeTime);
    tick.oi = out.openInterest[row]!;
    tick.oi_day_high = out.openInterestDayHigh[row]!;
    tick.oi_day_low = out.openInterestDayLow[row]!;
    const levels = Array.from({ length: 10 }, (_, level) => {
      const at = row * FULL_PACKET_BYTES + DEPTH_OFFSET + level * 12;
      return {
        quantity: out.packets.readUInt32BE(at),
        price: out.packets.readInt32BE(at + 4) / divisor,
        orders: out.packets.readUInt16BE(at + 8),
      };
    });
    tick.depth = { buy: levels.slice(0, 5), sell: levels.slice(5) };
  }
  return tick;
}

/** Expects every row of `out` to say what the official parser said, `change` (derived) left aside. */
export function expectSameTicks(out: TickColumns, official: OfficialTick[]): void {
  expect(out.length).toBe(official.length);
  for (let row = 0; row < out.length; row++) {
    const {
      tradable,
      mode,
      change: _derived,
      ...said
    } = official[row]! as OfficialTick & { change?: number };
    expect(officialView(out, row)).toEqual(said);
    expect(tradable).toBe((out.token[row]! & 0xff) !== 9);
    const length = out.packetLength[row]!;
    expect(mode).toBe(length === 8 ? 'ltp' : length === 28 || length === 44 ? 'quote' : 'full');
  }
}
