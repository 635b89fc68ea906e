/** Open, high, low and close in paise. */
export interface Ohlc {
  open: number;
  high: number;
  low: number;
  close: number;
}

/** A candle as the exchange knows it. `time` is the bucket's start in epoch milliseconds, prices in paise. */
export interface ExchangeCandle extends Ohlc {
  time: number;
  /** Shares or contracts times lot size; 0 for an index. */
  volume: number;
  /** Open interest at the bucket's end; 0 for what has none. */
  oi: number;
}
