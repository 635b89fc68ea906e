import type { TickBatch } from './tick-batch.js';

/** Why a packet is kept in tick_rejects instead of tick_data (rule 21). */
export type RejectReason = 'unknown_instrument' | 'unknown_packet' | 'impossible_price' | 'impossible_time';

/** A packet may be this far ahead of the exchange's clock as we know it. */
const FUTURE_MS = 60_000;
/** 2000-01-01: nothing electronic of NSE's is older in any feed. */
const EARLIEST_SECOND = 946_684_800;
/** Rs 20 million a unit: hundreds of times the dearest share. */
const HIGHEST_PRICE = 2_000_000_000;

/** @param second epoch seconds, 0 when the packet has none */
export function isPossibleTime(second: number, moment: number): boolean {
  return second === 0 || (second >= EARLIEST_SECOND && second * 1000 <= moment + FUTURE_MS);
}

/** Whether every price of row `row` can be one; the last price must be there. */
export function hasPossiblePrices({ packets }: TickBatch, row: number): boolean {
  const ltp = packets.ltp[row]!;
  return (
    ltp > 0 &&
    ltp <= HIGHEST_PRICE &&
    packets.dayOpen[row]! >= 0 &&
    packets.dayHigh[row]! >= 0 &&
    packets.dayLow[row]! >= 0 &&
    packets.previousClose[row]! >= 0 &&
    packets.averagePrice[row]! >= 0
  );
}
