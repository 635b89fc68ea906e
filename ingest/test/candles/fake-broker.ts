import {
  type Broker,
  type BrokerCandle,
  BrokerError,
  type CandleInterval,
  type CandleRequest,
} from '../../src/broker/broker.js';

const DAY_MS = 86_400_000;

/** What the exchange's history says; the broker passes it on. */
export type History = (request: CandleRequest) => BrokerCandle[];

/** What happens to the next requests. */
export interface Faults {
  /** Answers with this error. */
  error?: BrokerError;
  /** Answers only after so many milliseconds. */
  delayMs?: number;
  /** Changes an answer before it is given. */
  tamper?: (candles: BrokerCandle[], request: CandleRequest) => BrokerCandle[];
}

const unused = (): never => {
  throw new Error('the candle service asks for candles only');
};

/** A broker in memory that keeps the interface's promises, and counts what it is asked. */
export class FakeBroker implements Broker {
  readonly name = 'simulator';
  readonly requests: CandleRequest[] = [];
  faults: Faults = {};
  maxDays: Partial<Record<CandleInterval, number>> = {};

  constructor(readonly history: History) {}

  maxCandleRangeMs(interval: CandleInterval): number {
    const days = { '1m': 60, '5m': 100, '15m': 200, '1h': 400, '1d': 2000, ...this.maxDays }[interval];
    return days * DAY_MS;
  }

  async candles(request: CandleRequest): Promise<BrokerCandle[]> {
    if (request.to - request.from > this.maxCandleRangeMs(request.interval)) {
      throw new BrokerError('rejected', 'The range is too long');
    }
    this.requests.push(request);
    const { error, delayMs, tamper } = this.faults;
    if (delayMs) await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (error) throw error;
    const candles = this.history(request);
    return tamper ? tamper(candles, request) : candles;
  }

  instruments = unused;
  quotes = unused;
  profile = unused;
  createSession = unused;
  setAccessToken = unused;
  tokenExpiresAt = () => undefined;
  async close(): Promise<void> {}
}
