import { readFileSync } from 'node:fs';
import type { TradedInstruments } from '../../src/batch/traded-instruments.js';
import type { Instrument } from '../../src/instruments/instrument.js';
import { Calendar } from '../../src/sessions/calendar.js';
import {
  emptyDepth,
  frameOf,
  type PacketFields,
  writeFullPacket,
  writeIndexPacket,
} from '../../src/simulator/packet.js';
import { instrumentOf } from '../fixtures/instruments.js';

export const calendar = Calendar.parse(
  JSON.parse(readFileSync(new URL('../../calendar/nse.json', import.meta.url), 'utf8')),
);

/** Epoch milliseconds of a time of day, IST, on Wednesday 2026-11-18: cash and index 09:15-15:30. */
export function at(time: string, day = '2026-11-18'): number {
  return Date.parse(`${day}T${time.length === 5 ? `${time}:00` : time}+05:30`);
}

export const NIFTY = 256265;
export const INFY = 408065;
export const TCS = 2953217;
export const FUTURE = 10_000_130;

/** Broker tokens are our tokens here; `extra` are more cash instruments. */
export function instruments(extra: readonly number[] = []): TradedInstruments {
  const contract = { exchange: 'NFO', segment: 'NFO-FUT', expiry: '2026-11-24' };
  const known = new Map<number, Instrument>([
    [NIFTY, instrumentOf(NIFTY, 'NIFTY 50', 'INDEX')],
    [INFY, instrumentOf(INFY, 'INFY', 'EQ')],
    [TCS, instrumentOf(TCS, 'TCS', 'EQ')],
    [FUTURE, instrumentOf(FUTURE, 'INFY26NOVFUT', 'FUT', contract)],
    ...extra.map((token) => [token, instrumentOf(token, `X${token}`, 'EQ')] as const),
  ]);
  const groups = { INDEX: 'index', FUT: 'derivatives', EQ: 'cash', CE: 'derivatives', PE: 'derivatives' };
  return {
    byBrokerToken: (token) => known.get(token),
    brokerToken: (token) => (known.has(token) ? token : undefined),
    sessionGroup: (token) => groups[known.get(token)?.instrumentType ?? 'EQ'],
  };
}

/** What a packet says; times of day are IST on the test's day or epoch milliseconds. */
export interface Said {
  token?: number;
  ltp?: number;
  volume?: number;
  /** Last-trade time. */
  traded?: string | number;
  /** Exchange time. */
  sent?: string | number;
  high?: number;
  low?: number;
  oi?: number;
  bid?: number;
  close?: number;
}

const ms = (time: string | number) => (typeof time === 'number' ? time : at(time));

/** A full packet, or an index packet for NIFTY; prices in paise. `length` cuts it down to a quote or ltp packet. */
export function packet(said: Said, length?: number): Buffer {
  const token = said.token ?? INFY;
  const ltp = said.ltp ?? 150_000;
  const depth = emptyDepth();
  depth.price[0] = said.bid ?? 149_995;
  depth.quantity[0] = 10;
  depth.price[5] = 150_005;
  depth.quantity[5] = 20;
  const fields: PacketFields = {
    token,
    lastPrice: ltp,
    lastQuantity: 5,
    averagePrice: 150_001,
    volume: said.volume ?? 0,
    totalBuyQuantity: 100,
    totalSellQuantity: 200,
    dayOpen: 149_000,
    dayHigh: said.high ?? 160_000,
    dayLow: said.low ?? 140_000,
    previousClose: said.close ?? 148_000,
    lastTradeTime: Math.floor(ms(said.traded ?? 0) / 1000),
    openInterest: said.oi ?? 0,
    openInterestDayHigh: said.oi ?? 0,
    openInterestDayLow: said.oi ?? 0,
    exchangeTime: Math.floor(ms(said.sent ?? said.traded ?? 0) / 1000),
    depth,
  };
  const body = Buffer.alloc(184);
  const full = (token & 0xff) === 9 ? writeIndexPacket(body, 0, fields) : writeFullPacket(body, 0, fields);
  return body.subarray(0, length ?? full);
}

export const frame = (...packets: Buffer[]): Buffer => frameOf(packets);
