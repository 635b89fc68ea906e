/**
 * Grafana's unit ids. Prices never use `currencyINR`: it abbreviates (1336.35 becomes "₹1.34K" in every Grafana),
 * and a price must be read to the paisa. Sums of money, which nobody reads to the paisa, do use it.
 */
export const RUPEES = 'prefix:₹';
export const POINTS = 'none';
/** Rupees in thousands, millions and billions: turnover. */
export const MONEY = 'currencyINR';
/** Counts: 1.2 K, 3.4 Mil. */
export const COUNT = 'short';
/** 0..100. */
export const PERCENT = 'percent';
/** 0..1, shown as per cent. */
export const RATIO = 'percentunit';
export const SECONDS = 's';
export const BYTES = 'bytes';
export const PER_SECOND = 'cps';
export const TIME = 'time:DD MMM HH:mm:ss';
export const MINUTE_TIME = 'time:DD MMM HH:mm';
export const CLOCK = 'time:HH:mm:ss';
