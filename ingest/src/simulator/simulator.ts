import type { AddressInfo } from 'node:net';
import pino, { type Logger } from 'pino';
import { type Clock, systemClock } from '../clock.js';
import type { Calendar } from '../sessions/calendar.js';
import { Access } from './access.js';
import { type CalendarName, calendarNamed } from './calendars.js';
import { SimulatedExchange } from './exchange.js';
import { Faults } from './faults.js';
import { restServer } from './http/server.js';
import { RequestLimiter } from './limiter.js';
import { Splits } from './splits.js';
import type { Connection } from './stream/connection.js';
import { SentLog } from './stream/sent-log.js';
import { Sockets } from './stream/sockets.js';
import { Stream } from './stream/stream.js';

const DEFAULT_SEED = 1;
const DEFAULT_INSTRUMENTS = 500;
const DEFAULT_RATE = 1000;
const DEFAULT_HISTORICAL_PER_SECOND = 3;
const QUOTES_PER_SECOND = 1;
const OTHERS_PER_SECOND = 10;
const DEFAULT_SETTLE_SECONDS = 2;

export interface ServerOptions {
  /** 0 takes a free port. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Packets a second aimed at, by moves of depth beside the trades; default 1000. */
  readonly rate?: number;
  /** At most one packet an instrument in so many milliseconds; 0 (default) sends every trade. */
  readonly conflateMs?: number;
  /** Without a key or token any is accepted. */
  readonly apiKey?: string;
  readonly accessToken?: string;
  readonly apiSecret?: string;
  /** Requests of history a second, default 3; 0 lifts the limit of history and of quotes. */
  readonly historicalPerSecond?: number;
  /** History answers up to now less so many seconds; default 2. */
  readonly settleSeconds?: number;
  /** Keep the list of every trade sent, for `GET /simulator/sent?token=`. */
  readonly ledger?: boolean;
  /** A file for every data frame sent, whole, as `SentLog` writes it. */
  readonly sentLog?: string;
  /** Play everything however far the clock leaps; default false: go on from the present. */
  readonly catchesUp?: boolean;
  readonly log?: Logger;
}

export interface SimulatorOptions extends ServerOptions {
  readonly seed?: number;
  /** 53 to 9000, default 500. */
  readonly instruments?: number;
  /** `always` (default) is open 00:45 to 24:00 IST on every day, `nonstop` without that pause. */
  readonly calendar?: CalendarName | Calendar;
  readonly clock?: Clock;
}

export interface Simulator {
  readonly url: string;
  readonly wsUrl: string;
  readonly port: number;
  readonly exchange: SimulatedExchange;
  readonly faults: Faults;
  /** Stopping twice is harmless. */
  stop(): Promise<void>;
}

/** Starts the simulated exchange. Rejects when the port is taken. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const clock = options.clock ?? systemClock;
  const seed = options.seed ?? DEFAULT_SEED;
  const hours = options.calendar ?? 'always';
  const calendar = typeof hours === 'string' ? calendarNamed(hours) : hours;
  const exchange = SimulatedExchange.simulate({
    calendar,
    seed,
    instruments: options.instruments ?? DEFAULT_INSTRUMENTS,
    now: clock.now(),
  });
  return serveExchange(exchange, clock, options, {
    origin: `simulator:${seed}`,
    seed,
    calendar: typeof hours === 'string' ? hours : 'file',
  });
}

/** Serves any exchange, simulated or replayed, on one port. `about` is added to `GET /simulator/info`. */
export async function serveExchange(
  exchange: SimulatedExchange,
  wallClock: Clock,
  options: ServerOptions,
  about: Record<string, unknown>,
  onSubscribe?: (connection: Connection) => void,
): Promise<Simulator> {
  const log = options.log ?? pino({ level: 'silent' });
  const faults = new Faults();
  const splits = new Splits();
  const clock: Clock = { now: () => wallClock.now() + (faults.on('clockSkew')?.skewMs ?? 0) };
  const access = new Access(options);
  const historicalPerSecond = options.historicalPerSecond ?? DEFAULT_HISTORICAL_PER_SECOND;
  const settleSeconds = options.settleSeconds ?? DEFAULT_SETTLE_SECONDS;
  const limiter = new RequestLimiter({
    historical: historicalPerSecond,
    quote: historicalPerSecond === 0 ? 0 : QUOTES_PER_SECOND,
    other: OTHERS_PER_SECOND,
  });
  const stream = new Stream({
    exchange,
    clock,
    faults,
    log,
    rate: options.rate ?? DEFAULT_RATE,
    conflateMs: options.conflateMs ?? 0,
    ledger: options.ledger ?? false,
    catchesUp: options.catchesUp ?? false,
  });
  const sentLog = options.sentLog === undefined ? undefined : new SentLog(options.sentLog);
  const sockets = new Sockets({ stream, access, faults, log, onSubscribe, sentLog });
  const startedAt = new Date(wallClock.now()).toISOString();
  const info = () => ({
    ...about,
    settleSeconds,
    historicalPerSecond,
    instruments: exchange.instruments.length,
    startedAt,
    now: new Date(clock.now()).toISOString(),
  });
  const app = restServer(
    { exchange, clock, access, limiter, faults, splits, settleSeconds },
    { info, calendar: () => exchange.calendar, faults, splits, sockets, stream, limiter },
  );
  sockets.attach(app.server);
  const host = options.host ?? '127.0.0.1';
  await app.listen({ port: options.port, host });
  const { port } = app.server.address() as AddressInfo;
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  let stopped: Promise<void> | undefined;
  return {
    url: `http://${reachable}:${port}`,
    wsUrl: `ws://${reachable}:${port}`,
    port,
    exchange,
    faults,
    stop() {
      stopped ??= (async () => {
        sockets.stop();
        await app.close();
        sentLog?.close();
      })();
      return stopped;
    },
  };
}
