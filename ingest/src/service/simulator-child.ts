import { startSimulator } from '../simulator/simulator.js';
import type { SimulatorWish } from './simulator-process.js';

/**
 * The bundled simulator, in a process of its own so that its work is not counted as ours. It is told what to do, and
 * that its parent is alive, by the channel it was forked with: when that closes, however the parent ended, it ends.
 */
process.on('disconnect', () => process.exit(0));
process.once('message', (wish: SimulatorWish) => {
  // A bundled demo seeds a year of candles at its first start: no limit on history.
  startSimulator({ ...wish, host: '127.0.0.1', historicalPerSecond: 0, settleSeconds: 2 }).then(
    ({ port }) => process.send?.({ port }),
    (error: Error) => process.send?.({ error: error.message }),
  );
});
process.send?.({ waiting: true });
