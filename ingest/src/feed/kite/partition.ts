import type { FeedMode } from '../feed.js';

/** More instruments than the connections of one API key can carry. */
export class TooManyInstruments extends Error {
  override name = 'TooManyInstruments';
  constructor(
    readonly asked: number,
    readonly capacity: number,
    connections: number,
    perConnection: number,
  ) {
    super(
      `${asked} instruments were asked for, but ${connections} connections of ${perConnection} instruments carry ` +
        `${capacity} beside the canaries that each of them needs. Subscribe to fewer, or use a second API key.`,
    );
  }
}

export interface PartitionLimits {
  readonly connections: number;
  /** Instruments on one connection, canaries included. */
  readonly perConnection: number;
  readonly canaries: readonly number[];
}

/** Instruments of one connection: token -> mode. */
export type Share = ReadonlyMap<number, FeedMode>;

/**
 * Deals instruments out to connections. An instrument that has a connection keeps it, so that adding or
 * removing others costs it no snapshot and no hole; a new one goes to the first connection with room.
 *
 * @param current shares as they are, one a connection
 * @returns as many shares as connections are needed, at least as many as `current` has
 * @throws TooManyInstruments
 */
export function partition(
  wanted: ReadonlyMap<number, FeedMode>,
  current: readonly Share[],
  { connections, perConnection, canaries }: PartitionLimits,
): Array<Map<number, FeedMode>> {
  const isCanary = new Set(canaries);
  const room = perConnection - isCanary.size;
  const capacity = connections * room;
  const shares = current.map(() => new Map<number, FeedMode>());
  const occupied = current.map(() => 0);
  let asked = 0;

  const fresh: Array<[number, FeedMode]> = [];
  for (const [token, mode] of wanted) {
    if (!isCanary.has(token)) asked++;
    const home = current.findIndex((share) => share.has(token));
    if (home < 0) {
      fresh.push([token, mode]);
      continue;
    }
    shares[home]!.set(token, mode);
    if (!isCanary.has(token)) occupied[home]!++;
  }
  if (asked > capacity) throw new TooManyInstruments(asked, capacity, connections, perConnection);

  for (const [token, mode] of fresh) {
    // Every connection has room for the canaries anyway.
    const free = isCanary.has(token) ? 0 : occupied.findIndex((count) => count < room);
    const slot = free < 0 ? shares.length : free;
    if (slot === shares.length) {
      shares.push(new Map());
      occupied.push(0);
    }
    shares[slot]!.set(token, mode);
    if (!isCanary.has(token)) occupied[slot]!++;
  }
  return shares;
}
