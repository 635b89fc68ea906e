import type { InstrumentType } from '../instruments/instrument.js';

/** What an instrument lacks of one IST day. Epoch milliseconds. */
export interface DueRepair {
  readonly token: number;
  readonly exchange: string;
  readonly symbol: string;
  readonly instrumentType: InstrumentType;
  readonly from: number;
  readonly to: number;
  /** Rows of the ledger. */
  readonly gaps: readonly number[];
  /** Made so far in vain. */
  readonly attempts: number;
  /** 0 critical, 1 high, 2 medium, 3 low. */
  readonly rank: number;
}

/** By rank, below whoever waits for an answer (10) or a batch of them (5), above what fills an empty database (0). */
const BROKER_PRIORITY = [4, 3, 2, 1] as const;

export const brokerPriority = ({ rank }: DueRepair): number => BROKER_PRIORITY[rank] ?? 1;
