import { type Simulator, startSimulator } from '@tickscope/ingest/dist/src/simulator/simulator.js';
import { serveParent, tellParent } from './child.js';

/* The simulated exchange, a process of its own. Message: `start` -> `open`. */

export interface OpenExchange {
  readonly instruments: number;
  readonly seed: number;
  readonly historicalPerSecond: number;
}

function main(): void {
  let running: Simulator | undefined;
  serveParent({
    start: async (message) => {
      const { instruments, seed, historicalPerSecond } = message as unknown as OpenExchange;
      running = await startSimulator({ port: 0, instruments, seed, historicalPerSecond });
      tellParent({ type: 'open', url: running.url });
    },
  });
  process.once('SIGTERM', () => {
    Promise.resolve(running?.stop()).finally(() => process.exit(0));
  });
}
main();
