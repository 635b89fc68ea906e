import type { CandleInterval } from '../broker/broker.js';
import type { InstrumentType } from '../instruments/instrument.js';
import type { IstDate } from '../sessions/ist.js';
import type { PriceBands } from './history-answer.js';
import type { Span } from './span.js';
import { DAY_PRICES } from './sql/rejects.js';
import { type SqlClock, timestamp } from './sql-clock.js';

/** NSE's widest daily band for stocks, and the last of its circuit breakers for indices. */
const WIDEST_BAND = 0.2;

/**
 * What prices of `span` can be, by what the feed said of its days: no further than a whole band beyond the day's low
 * and high. Undefined where nothing is to be held against: options may move by any factor, and a day candle of another
 * year is of another scale.
 */
export async function priceBands(
  sql: SqlClock,
  token: number,
  instrumentType: InstrumentType,
  interval: CandleInterval,
  span: Span,
): Promise<PriceBands | undefined> {
  if (interval === '1d' || instrumentType === 'CE' || instrumentType === 'PE') return undefined;
  const { rows } = await sql.read((db) =>
    db.query<{ day: IstDate; low: number; high: number }>(DAY_PRICES, [
      token,
      timestamp(span.from),
      timestamp(span.to),
    ]),
  );
  const byDay = new Map(
    rows.map(({ day, low, high }) => [day, { low: low * (1 - WIDEST_BAND), high: high * (1 + WIDEST_BAND) }]),
  );
  return { byDay, mostJump: WIDEST_BAND };
}
