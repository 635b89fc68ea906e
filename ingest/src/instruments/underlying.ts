/**
 * The index behind the name that Kite gives an index's contracts: `NIFTY26NOVFUT` has the name `NIFTY`, its index the
 * symbol `NIFTY 50`. A name that is not here is a stock's symbol. Source: Kite's instrument dump, NFO and INDICES rows.
 */
export const INDEX_OF_UNDERLYING: Readonly<Record<string, string>> = {
  NIFTY: 'NIFTY 50',
  BANKNIFTY: 'NIFTY BANK',
  FINNIFTY: 'NIFTY FIN SERVICE',
  MIDCPNIFTY: 'NIFTY MID SELECT',
  NIFTYNXT50: 'NIFTY NEXT 50',
  SENSEX: 'SENSEX',
  BANKEX: 'BANKEX',
  SENSEX50: 'SNSX50',
};

/** Exchanges whose instruments keep the hours of NSE's calendar; others have none here and so no session. */
export const EXCHANGES_WITH_HOURS: readonly string[] = ['NSE', 'BSE', 'NFO', 'BFO'];
