import { readFile } from 'node:fs/promises';
import { systemClock } from '../clock.js';
import type { Calendar } from '../sessions/calendar.js';
import { istDayNumber } from '../sessions/ist.js';
import { nseCalendar } from '../sessions/nse-calendar.js';
import { alwaysOpen } from './calendars.js';
import { SimulatedExchange } from './exchange.js';
import type { SimulatedInstrument } from './instrument.js';
import { BASES } from './model/companies.js';
import { hashText } from './model/noise.js';
import {
  FULL_BYTES,
  frameOf,
  INDEX_FULL_BYTES,
  INDEX_QUOTE_BYTES,
  LTP_BYTES,
  QUOTE_BYTES,
} from './packet.js';
import { ReplayClock } from './replayClock.js';
import { type FileMinute, parseMinuteFile, ReplayFileInvalid, tradedMinutes } from './replayFile.js';
import { ReplayMarket } from './replayMarket.js';
import { type ServerOptions, type Simulator, serveExchange } from './simulator.js';

const DEFAULT_PACKETS_A_SECOND = 5;
const MODE_TAKES_MS = 250;
const POLL_MS = 50;
const BODY_LENGTHS: ReadonlySet<number> = new Set([
  LTP_BYTES,
  INDEX_QUOTE_BYTES,
  INDEX_FULL_BYTES,
  QUOTE_BYTES,
  FULL_BYTES,
]);
const SEGMENT_BYTE = { NSE: 1, NFO: 2, INDICES: 9 } as const;

export interface ReplayOptions extends ServerOptions {
  /** A minute CSV, or a recorded `.packet` frame (raw or base64). */
  readonly file: string;
  /** Whose minutes they are, `NSE:INFY`. Not needed for `.packet` files. */
  readonly instrument?: string;
  /** How many times faster than our clock; default 1. */
  readonly speed?: number;
  /** Default: NSE's when every minute lies in its sessions, else the exchange that is always open. */
  readonly calendar?: Calendar;
}

export interface Replay extends Simulator {
  /** Fulfilled when the last minute has been played (at once for `.packet` files). */
  readonly done: Promise<void>;
  /** Minutes of the file in which nothing traded: they are no candles, and nothing is sent for them. */
  readonly quietMinutes: number;
  /** The exchange's present time in epoch milliseconds. */
  now(): number;
}

/**
 * Serves a recorded file through the same protocol. The clock starts soon after the first subscription: what comes before
 * the client has said which mode it wants has neither time nor depth.
 * @throws ReplayFileInvalid when the file cannot be replayed exactly.
 */
export async function startReplay(options: ReplayOptions): Promise<Replay> {
  const file = await contentOf(options.file);
  if (options.file.endsWith('.packet')) return replayFrames(options, file);
  return replayMinutes(options, parseMinuteFile(file.toString('utf8')));
}

async function contentOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new ReplayFileInvalid(`The file cannot be read: ${(error as Error).message}.`, { cause: error });
  }
}

async function replayMinutes(options: ReplayOptions, all: readonly FileMinute[]): Promise<Replay> {
  const minutes = tradedMinutes(all);
  const instrument = instrumentOf(options.instrument ?? '', minutes);
  const calendar = options.calendar ?? calendarFor(instrument, minutes);
  const clock = new ReplayClock(minutes, options.speed ?? 1);
  const exchange = new SimulatedExchange(new ReplayMarket(instrument, minutes), calendar, () =>
    groupOf(instrument),
  );
  const simulator = await serveExchange(
    exchange,
    clock,
    { rate: DEFAULT_PACKETS_A_SECOND, ...options, catchesUp: true },
    { origin: 'replay', file: options.file, speed: clock.speed },
    () => setTimeout(() => clock.start(), MODE_TAKES_MS).unref(),
  );
  let timer: NodeJS.Timeout | undefined;
  const done = new Promise<void>((resolve) => {
    timer = setInterval(() => {
      if (!clock.ended) return;
      clearInterval(timer);
      resolve();
    }, POLL_MS);
  });
  return {
    ...simulator,
    done,
    quietMinutes: all.length - minutes.length,
    now: () => clock.now(),
    stop() {
      clearInterval(timer);
      return simulator.stop();
    },
  };
}

/** A recorded frame goes out as it is to everybody who subscribes to one of its instruments. */
async function replayFrames(options: ReplayOptions, file: Buffer): Promise<Replay> {
  const frame = toFrame(file);
  const tokens = tokensOf(frame);
  if (tokens.length === 0) throw new ReplayFileInvalid('The file holds no frame of packets.');
  const instruments = tokens.map((token) => {
    const base = BASES.find((spec) => spec.token === token);
    return cash(token, base?.symbol ?? `TOKEN${token}`, base?.name ?? 'RECORDED', (token & 0xff) === 9, 5);
  });
  const calendar = options.calendar ?? alwaysOpen();
  const market = { instruments, day: () => undefined, span: () => ({ first: 0, last: -1 }) };
  const simulator = await serveExchange(
    new SimulatedExchange(market, calendar, groupOf),
    systemClock,
    { ...options, rate: 0 },
    { origin: 'replay', file: options.file },
    (connection) => {
      if (tokens.some((token) => connection.modes.has(token))) connection.raw(frame);
    },
  );
  return { ...simulator, done: Promise.resolve(), quietMinutes: 0, now: () => systemClock.now() };
}

/** Recordings are raw or base64, and either a frame or the body of one packet. */
function toFrame(file: Buffer): Buffer {
  const text = file.toString('latin1');
  const bytes = /^[A-Za-z0-9+/=\s]+$/.test(text) ? Buffer.from(text, 'base64') : file;
  return BODY_LENGTHS.has(bytes.length) ? frameOf([bytes]) : bytes;
}

function tokensOf(frame: Buffer): number[] {
  const tokens: number[] = [];
  let at = 2;
  while (at + 6 <= frame.length) {
    tokens.push(frame.readUInt32BE(at + 2));
    at += 2 + frame.readUInt16BE(at);
  }
  return tokens;
}

function groupOf(instrument: SimulatedInstrument): string {
  if (instrument.exchange === 'NFO') return 'derivatives';
  return instrument.type === 'INDEX' ? 'index' : 'cash';
}

function calendarFor(instrument: SimulatedInstrument, minutes: readonly FileMinute[]): Calendar {
  const nse = nseCalendar();
  return minutes.every((minute) => nse.isOpen(groupOf(instrument), minute.time)) ? nse : alwaysOpen();
}

/** A file without any volume is an index's. */
function instrumentOf(key: string, minutes: readonly FileMinute[]): SimulatedInstrument {
  const [, exchange, symbol] = /^(NSE|NFO):(.+)$/.exec(key) ?? [];
  if (!exchange || !symbol)
    throw new ReplayFileInvalid(`The instrument must read NSE:SYMBOL or NFO:SYMBOL, not "${key}".`);
  const tick = minutes.every((m) => [m.open, m.high, m.low, m.close].every((p) => p % 5 === 0)) ? 5 : 1;
  const base = BASES.find((spec) => spec.symbol === symbol);
  const index = minutes.every((minute) => minute.volume === 0);
  const segment = index ? SEGMENT_BYTE.INDICES : SEGMENT_BYTE[exchange as 'NSE' | 'NFO'];
  const token =
    base && base.index === index ? base.token : ((hashText(symbol) >>> 9) & 0x7fffff) * 256 + segment;
  const instrument = cash(token, symbol, base?.name ?? symbol, index, tick);
  if (exchange === 'NSE') return instrument;
  const type = symbol.endsWith('CE') ? 'CE' : symbol.endsWith('PE') ? 'PE' : 'FUT';
  return {
    ...instrument,
    exchange: 'NFO',
    segment: type === 'FUT' ? 'NFO-FUT' : 'NFO-OPT',
    name: /^[A-Z&-]+/.exec(symbol)?.[0] ?? symbol,
    type,
    // The file does not say when it expires: not before its last minute.
    expiryDay: istDayNumber(minutes.at(-1)!.time),
  };
}

function cash(
  token: number,
  symbol: string,
  name: string,
  index: boolean,
  tickPaise: number,
): SimulatedInstrument {
  return {
    token,
    symbol,
    exchange: 'NSE',
    segment: index ? 'INDICES' : 'NSE',
    name,
    type: index ? 'INDEX' : 'EQ',
    expiryDay: null,
    strikePaise: 0,
    lotSize: index ? 0 : 1,
    tickPaise,
    underlyingToken: token,
  };
}
