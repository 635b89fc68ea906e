import type { Clock } from '../../clock.js';
import type { Access } from '../access.js';
import type { SimulatedExchange } from '../exchange.js';
import type { Faults } from '../faults.js';
import type { RequestLimiter } from '../limiter.js';
import type { Splits } from '../splits.js';

/** What the REST routes answer from. */
export interface RestContext {
  readonly exchange: SimulatedExchange;
  /** The exchange's clock. */
  readonly clock: Clock;
  readonly access: Access;
  readonly limiter: RequestLimiter;
  readonly faults: Faults;
  readonly splits: Splits;
  /** History goes up to now less so many seconds. */
  readonly settleSeconds: number;
}
