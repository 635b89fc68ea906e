import { mix, unit } from './model/noise.js';
import { DEPTH_LEVELS, type PacketFields } from './packet.js';

const SEARCHED_TICKS = 3;

/** Fills the book around the last price; `hash` names the moment. A bid that would fall below one tick is empty. */
export function fillDepth(fields: PacketFields, tickPaise: number, lot: number, hash: number): void {
  const { price, quantity, orders } = fields.depth;
  const lastAtBid = (hash & 1) === 0;
  let bid = fields.lastPrice - (lastAtBid ? 0 : tickPaise);
  let ask = bid + tickPaise;
  for (let level = 0; level < DEPTH_LEVELS; level++) {
    const h = mix(hash, level);
    const alive = bid >= tickPaise;
    price[level] = alive ? bid : 0;
    quantity[level] = alive ? lot * (1 + ((h >>> 3) % 180)) : 0;
    orders[level] = alive ? 1 + (h & 15) : 0;
    price[DEPTH_LEVELS + level] = ask;
    quantity[DEPTH_LEVELS + level] = lot * (1 + ((h >>> 13) % 180));
    orders[DEPTH_LEVELS + level] = 1 + ((h >>> 24) & 15);
    bid -= tickPaise * (1 + ((h >>> 9) % SEARCHED_TICKS));
    ask += tickPaise * (1 + ((h >>> 17) % SEARCHED_TICKS));
  }
  fields.totalBuyQuantity = lot * (1500 + Math.floor(60_000 * unit(mix(hash, 21))));
  fields.totalSellQuantity = lot * (1500 + Math.floor(60_000 * unit(mix(hash, 22))));
}

/** Changes the quantities of one level a side and the totals by what was added there. Returns the level. */
export function moveDepth(fields: PacketFields, lot: number, hash: number): number {
  const level = (hash >>> 28) % DEPTH_LEVELS;
  const { price, quantity } = fields.depth;
  const bid = price[level]! > 0 ? lot * (1 + ((hash >>> 2) % 180)) : 0;
  const ask = lot * (1 + ((hash >>> 11) % 180));
  const askLevel = DEPTH_LEVELS + level;
  fields.totalBuyQuantity = Math.max(0, fields.totalBuyQuantity + bid - quantity[level]!);
  fields.totalSellQuantity = Math.max(0, fields.totalSellQuantity + ask - quantity[askLevel]!);
  quantity[level] = bid;
  quantity[askLevel] = ask;
  return level;
}
