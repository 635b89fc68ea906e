import type { World } from './world.js';

/** One thing that goes wrong. When `strike` resolves it is over; the suite then waits until ticks flow again. */
export interface Fault {
  readonly name: string;
  /** True when the feed is not heard for a while, so that minutes lie in holes. */
  readonly holes: boolean;
  /** Why it cannot strike here; undefined when it can. */
  readonly missing?: (world: World) => string | undefined;
  strike(world: World): Promise<void>;
}
