import { type InstrumentSlots, NONE } from '../batch/instrument-slots.js';
import { IN_SESSION, type TickBatch, TRADE } from '../batch/tick-batch.js';
import { DEPTH_BYTES, DEPTH_OFFSET, FULL_PACKET_BYTES } from '../decode/columns.js';
import { istDayNumber } from '../sessions/ist.js';

const QUOTE_BYTES = 44;
const ASK_OFFSET = DEPTH_OFFSET + DEPTH_BYTES / 2;

/** A row of tick_data as it was committed. Prices in rupees, instants in epoch milliseconds. */
export interface CommittedTick {
  seq: number;
  time: number;
  lastTradeTime: number | null;
  lastPrice: number;
  high: number;
  low: number;
  lastQuantity: number | null;
  volume: number | null;
  volumeDelta: number | null;
  openInterest: number | null;
  averagePrice: number | null;
  dayOpen: number | null;
  dayHigh: number | null;
  dayLow: number | null;
  previousClose: number | null;
  bidPrice: number | null;
  askPrice: number | null;
  bidQuantity: number | null;
  askQuantity: number | null;
  totalBidQuantity: number | null;
  totalAskQuantity: number | null;
  isTrade: boolean;
  inSession: boolean;
  /** Number of the IST date that the day fields belong to, -1 when they belong to none. */
  tradingDay: number;
}

/** What `encodeTick` wrote of the row; `view` is of the batch's packets. */
export function readTick(
  batch: TickBatch,
  row: number,
  slots: InstrumentSlots,
  view: DataView,
): CommittedTick {
  const { packets } = batch;
  const slot = batch.slot[row]!;
  const divisor = slots.divisor[slot]!;
  const length = packets.packetLength[row]!;
  const flags = batch.flags[row]!;
  const full = length === FULL_PACKET_BYTES;
  const traded = full || length === QUOTE_BYTES;
  const counted = traded && slots.isIndex[slot] === 0;
  const rupees = (paise: number) => (paise > 0 ? paise / divisor : null);
  const at = row * FULL_PACKET_BYTES;
  const bids = full ? view.getUint32(at + DEPTH_OFFSET) : 0;
  const asks = full ? view.getUint32(at + ASK_OFFSET) : 0;
  const tradeSecond = packets.lastTradeTime[row]!;
  return {
    seq: batch.seq[row]!,
    time: batch.time[row]!,
    lastTradeTime: tradeSecond > 0 ? tradeSecond * 1000 : null,
    lastPrice: packets.ltp[row]! / divisor,
    high: batch.high[row]! / divisor,
    low: batch.low[row]! / divisor,
    lastQuantity: counted ? packets.lastQuantity[row]! : null,
    volume: counted ? packets.volume[row]! : null,
    volumeDelta: numberOrNull(batch.volumeDelta[row]!),
    openInterest: full && slots.hasOpenInterest[slot] === 1 ? packets.openInterest[row]! : null,
    averagePrice: rupees(packets.averagePrice[row]!),
    dayOpen: rupees(packets.dayOpen[row]!),
    dayHigh: rupees(packets.dayHigh[row]!),
    dayLow: rupees(packets.dayLow[row]!),
    previousClose: rupees(packets.previousClose[row]!),
    bidPrice: bids > 0 ? rupees(view.getInt32(at + DEPTH_OFFSET + 4)) : null,
    askPrice: asks > 0 ? rupees(view.getInt32(at + ASK_OFFSET + 4)) : null,
    bidQuantity: bids > 0 ? bids : null,
    askQuantity: asks > 0 ? asks : null,
    totalBidQuantity: traded ? packets.totalBuyQuantity[row]! : null,
    totalAskQuantity: traded ? packets.totalSellQuantity[row]! : null,
    isTrade: (flags & TRADE) !== 0,
    inSession: (flags & IN_SESSION) !== 0,
    tradingDay: batch.tradingDay[row]!,
  };
}

/** The IST date that a stored tick's day fields belong to, as the writer's recovery judges it (see `resume`). */
export function tradingDayOf(
  tick: Pick<CommittedTick, 'time' | 'lastTradeTime' | 'inSession'> & { exchangeTime: number | null },
): number {
  const dated = tick.lastTradeTime ?? (tick.inSession ? tick.exchangeTime : null);
  if (dated === null) return NONE;
  const day = istDayNumber(dated);
  return day === istDayNumber(tick.time) ? day : NONE;
}

function numberOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
