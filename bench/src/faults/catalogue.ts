import { brokerFaults } from './broker-faults.js';
import { databaseFaults } from './database-faults.js';
import type { Fault } from './fault.js';
import { feedFaults } from './feed-faults.js';
import { serviceFaults } from './service-faults.js';

/** Everything that goes wrong in a round. */
export const FAULTS: readonly Fault[] = [
  { name: 'nothing', holes: false, strike: (world) => world.pause(2_000, 4_000) },
  ...feedFaults,
  ...databaseFaults,
  ...serviceFaults,
  ...brokerFaults,
];

/** Those that the short form strikes with: one of each kind of loss. */
export const SHORT: readonly string[] = [
  'duplicates',
  'corrupt frame',
  'feed drop',
  'database kill -9',
  'service kill -9',
  'segment comes back',
  'second writer',
];
