import type { InstrumentType } from '../instruments/instrument.js';

/** An instrument of the simulated exchange. */
export interface SimulatedInstrument {
  readonly token: number;
  readonly symbol: string;
  readonly exchange: 'NSE' | 'NFO';
  /** As Kite names it: `INDICES`, `NSE`, `NFO-FUT`, `NFO-OPT`. */
  readonly segment: string;
  /** The dump's `name`: the company's, or the underlying's for futures and options. */
  readonly name: string;
  readonly type: InstrumentType;
  /** IST day number of the last trading day; null for cash and indices. */
  readonly expiryDay: number | null;
  /** 0 where there is none. */
  readonly strikePaise: number;
  readonly lotSize: number;
  readonly tickPaise: number;
  /** Token of the underlying, its own for cash and indices. */
  readonly underlyingToken: number;
}
