import { InvalidArgumentError } from 'commander';
import { CANDLE_INTERVALS, type CandleInterval } from '../broker/broker.js';
import { dateToDayNumber, dayNumberToDate, type IstDate } from '../sessions/ist.js';

/** An IST date. */
export function istDateOption(text: string): IstDate {
  const number = dateToDayNumber(text);
  // `2026-02-30` parses as a date in some places; it is none when it does not come back the same.
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(number) || dayNumberToDate(number) !== text) {
    throw new InvalidArgumentError('Expected a date such as 2026-11-20.');
  }
  return text;
}

export function intervalOption(text: string): CandleInterval {
  const interval = CANDLE_INTERVALS.find((known) => known === text);
  if (!interval) throw new InvalidArgumentError(`Expected one of ${CANDLE_INTERVALS.join(', ')}.`);
  return interval;
}

export function positiveOption(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number above 0.');
  return value;
}
