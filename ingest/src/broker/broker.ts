import type { InstrumentType } from '../instruments/instrument.js';
import type { IstDate } from '../sessions/ist.js';

export const CANDLE_INTERVALS = ['1m', '5m', '15m', '1h', '1d'] as const;
export type CandleInterval = (typeof CANDLE_INTERVALS)[number];

/** A row of the broker's instrument dump. */
export interface BrokerInstrument {
  readonly brokerToken: number;
  readonly symbol: string;
  readonly exchange: string;
  readonly segment: string;
  readonly name: string | null;
  readonly instrumentType: InstrumentType;
  readonly expiry: IstDate | null;
  /** Rupees; null where there is none. */
  readonly strike: number | null;
  readonly lotSize: number;
  /** Rupees. */
  readonly tickSize: number;
}

/** A snapshot by REST. Prices in rupees, times in epoch milliseconds. Indices have null volume and open interest. */
export interface BrokerQuote {
  readonly brokerToken: number;
  readonly exchangeTime: number | null;
  readonly lastTradeTime: number | null;
  readonly lastPrice: number;
  readonly volume: number | null;
  readonly openInterest: number | null;
  readonly averagePrice: number | null;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly previousClose: number;
}

/** A candle of the broker's history. `time` is the bucket's start in epoch milliseconds, prices in rupees. */
export interface BrokerCandle {
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  /** null for instruments that have none. */
  readonly openInterest: number | null;
}

export interface CandleRequest {
  readonly brokerToken: number;
  readonly interval: CandleInterval;
  /** Epoch milliseconds of the first bucket wanted, inclusive. */
  readonly from: number;
  /** Epoch milliseconds, exclusive. `to - from` is at most `maxCandleRangeMs(interval)`. */
  readonly to: number;
  /** Higher goes first: 10 = somebody waits, 0 = background. */
  readonly priority?: number;
}

/** One broker's REST side. Every method keeps the broker's published rates by itself and rejects with a `BrokerError`. */
export interface Broker {
  readonly name: 'kite' | 'simulator';
  /** Longest range that one `candles` request may ask for. */
  maxCandleRangeMs(interval: CandleInterval): number;
  /** The whole instrument dump. */
  instruments(): Promise<BrokerInstrument[]>;
  /** Latest quotes, keyed by broker token; an instrument that the broker does not know is absent. */
  quotes(keys: ReadonlyArray<{ exchange: string; symbol: string }>): Promise<Map<number, BrokerQuote>>;
  /** One request of history, oldest first, within `[from, to)`. */
  candles(request: CandleRequest): Promise<BrokerCandle[]>;
  /** Who is logged in: proves that the credentials work. */
  profile(): Promise<{ userId: string; userName: string }>;
  /** Exchanges a login's request token for an access token. */
  createSession(requestToken: string, apiSecret: string): Promise<{ accessToken: string }>;
  setAccessToken(accessToken: string): void;
  /** When the access token dies (epoch milliseconds), undefined without one. */
  tokenExpiresAt(): number | undefined;
  /** Refuses what is queued and lets go of timers. */
  close(): Promise<void>;
}

/** Of a broker only its history. */
export type HistoryBroker = Pick<Broker, 'name' | 'maxCandleRangeMs' | 'candles'>;

export type BrokerErrorKind =
  | 'rate_limited' // 429: wait and ask again
  | 'login_needed' // 403 TokenException: only a new access token helps
  | 'no_permission' // the key may not have this data: asking again never helps
  | 'rejected' // the request itself is wrong: asking again never helps
  | 'unavailable'; // network or 5xx: ask again later

/** Why the broker gave no answer. `message` is a sentence a person can act on and never holds a secret. */
export class BrokerError extends Error {
  override name = 'BrokerError';
  constructor(
    readonly kind: BrokerErrorKind,
    message: string,
    readonly status?: number,
  ) {
    super(message);
  }
  get retryable(): boolean {
    return this.kind === 'rate_limited' || this.kind === 'unavailable';
  }
}
