import type { IstDate } from '../sessions/ist.js';

export type InstrumentType = 'EQ' | 'INDEX' | 'FUT' | 'CE' | 'PE';

/** One tradable thing or index, as stored in `instruments`. */
export interface Instrument {
  /** Our stable id: Kite's token where that was free. */
  readonly token: number;
  /** `INFY`, `NIFTY 50`, `NIFTY26NOV25000CE`. */
  readonly symbol: string;
  /** `NSE`, `NFO`. */
  readonly exchange: string;
  /** As Kite names it: `NSE`, `NFO-OPT`, `NFO-FUT`, `INDICES`. */
  readonly segment: string;
  readonly name: string | null;
  readonly instrumentType: InstrumentType;
  readonly expiry: IstDate | null;
  /** Rupees. */
  readonly strike: number | null;
  readonly optionType: 'CE' | 'PE' | null;
  readonly lotSize: number;
  /** Rupees. */
  readonly tickSize: number;
  /** Kite's name of the underlying (`NIFTY`), null for cash and indices. */
  readonly underlying: string | null;
  /** The underlying's cash or index instrument. */
  readonly underlyingToken: number | null;
  readonly active: boolean;
}

/** The segment byte of a Kite token, which decides how prices are scaled. */
export const SEGMENT_INDICES = 9;

/**
 * By how much the integer prices of `token`'s packets are divided to give rupees.
 * Source: Kite Connect v3, "WebSocket streaming", message structure; the official client's parser.
 */
export function priceDivisor(token: number): number {
  switch (token & 0xff) {
    case 3: // NSE currency derivatives: 4 decimals of a rupee in units of 1e-7
      return 10_000_000;
    case 6: // BSE currency derivatives
      return 10_000;
    default:
      return 100;
  }
}

/** Indices have a price and nothing else: no volume, depth or open interest. */
export function isIndexToken(token: number): boolean {
  return (token & 0xff) === SEGMENT_INDICES;
}
