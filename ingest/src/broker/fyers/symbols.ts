import type { InstrumentType } from '../../instruments/instrument.js';

/** What Fyers calls an index that Kite calls by NSE's or BSE's name. */
const INDICES: Readonly<Record<string, string>> = {
  'NSE:NIFTY 50': 'NSE:NIFTY50-INDEX',
  'NSE:NIFTY BANK': 'NSE:NIFTYBANK-INDEX',
  'NSE:NIFTY FIN SERVICE': 'NSE:FINNIFTY-INDEX',
  'NSE:NIFTY MID SELECT': 'NSE:MIDCPNIFTY-INDEX',
  'NSE:NIFTY NEXT 50': 'NSE:NIFTYNXT50-INDEX',
  'NSE:INDIA VIX': 'NSE:INDIAVIX-INDEX',
  'BSE:SENSEX': 'BSE:SENSEX-INDEX',
  'BSE:BANKEX': 'BSE:BANKEX-INDEX',
};
/** Kite names the series of a stock only where it is not EQ: `IDEA-BE`. */
const SERIES = /-[A-Z][A-Z0-9]$/;

/**
 * What Fyers calls an instrument; undefined where its name does not follow from Kite's. Futures and options have the same
 * symbol at both, below the exchange of their underlying. Source: Fyers API v3, "Symbology Format".
 */
export function fyersSymbol(instrument: {
  readonly exchange: string;
  readonly symbol: string;
  readonly instrumentType: InstrumentType;
}): string | undefined {
  const { exchange, symbol, instrumentType } = instrument;
  switch (instrumentType) {
    case 'INDEX':
      return INDICES[`${exchange}:${symbol}`];
    case 'EQ':
      if (exchange !== 'NSE') return undefined; // BSE's groups are part of the name, and Kite does not tell them
      return SERIES.test(symbol) ? `NSE:${symbol}` : `NSE:${symbol}-EQ`;
    default:
      if (exchange === 'NFO') return `NSE:${symbol}`;
      return exchange === 'BFO' ? `BSE:${symbol}` : undefined;
  }
}
