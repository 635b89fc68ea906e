import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TickColumns } from '../../src/decode/columns.js';
import { DecodeFaults } from '../../src/decode/faults.js';
import { decodeFrame, FRAME_DONE } from '../../src/decode/frame.js';
import { expectSameTicks, officialView } from './compare.js';
import { arrayBufferOf, officialParser } from './official.js';

const RECORDED = join(import.meta.dirname, '../../../../shared/kite');
const recorded = existsSync(RECORDED);
if (!recorded) console.warn(`Recorded Kite packets are not there (${RECORDED}): their tests are skipped.`);

const RAW = ['fullMode_binary', 'quoteMode_binary', 'ltpMode_binary'];
const BASE64 = ['mocks_ticker_full', 'mocks_ticker_quote'];

function frameOf(name: string): Buffer {
  const bytes = readFileSync(join(RECORDED, `${name}.packet`));
  if (RAW.includes(name)) return bytes;
  // Published as the packet alone, without a frame's count and length.
  const body = Buffer.from(bytes.toString('ascii'), 'base64');
  const frame = Buffer.alloc(4 + body.length);
  frame.writeUInt16BE(1, 0);
  frame.writeUInt16BE(body.length, 2);
  body.copy(frame, 4);
  return frame;
}

function decode(frame: Buffer): TickColumns {
  const out = new TickColumns(4);
  const faults = new DecodeFaults();
  expect(decodeFrame(frame, 0, out, faults)).toBe(FRAME_DONE);
  expect(faults.counts).toEqual({ unknown_length: 0, truncated: 0, trailing: 0 });
  return out;
}

describe.skipIf(!recorded)('packets recorded by Zerodha', () => {
  it.each([...RAW, ...BASE64])('%s decodes as the official parser decodes it', (name) => {
    const frame = frameOf(name);
    const out = decode(frame);
    expect(out.length).toBe(1);
    expectSameTicks(out, officialParser()(arrayBufferOf(frame)));
  });

  it.each(BASE64)('%s decodes to what was published with it', (name) => {
    const published = JSON.parse(readFileSync(join(RECORDED, `${name}.json`), 'utf8'));
    const ours = officialView(decode(frameOf(name)), 0);
    expect(ours.instrument_token).toBe(published.instrument_token);
    expect(ours.last_price).toBe(published.last_price);
    expect(ours.ohlc).toEqual(published.ohlc);
    expect(ours.last_traded_quantity).toBe(published.last_quantity);
    expect(ours.average_traded_price).toBe(published.average_price);
    expect(ours.volume_traded).toBe(published.volume);
    expect(ours.total_buy_quantity).toBe(published.buy_quantity);
    expect(ours.total_sell_quantity).toBe(published.sell_quantity);
    if (published.mode !== 'full') return;
    expect(ours.last_trade_time).toEqual(new Date(published.last_trade_time));
    expect(ours.exchange_timestamp).toEqual(new Date(published.timestamp));
    expect([ours.oi, ours.oi_day_high, ours.oi_day_low]).toEqual([
      published.oi,
      published.oi_day_high,
      published.oi_day_low,
    ]);
    expect(ours.depth).toEqual(published.depth);
  });

  it('shows that a full packet may come long after its last trade', () => {
    const out = decode(frameOf('fullMode_binary'));
    expect(out.token[0]).toBe(884737);
    expect(out.exchangeTime[0]! - out.lastTradeTime[0]!).toBe(3064);
  });
});
