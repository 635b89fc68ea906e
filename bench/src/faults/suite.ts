import { Accounts, type Round, type Run } from './accounts.js';
import type { WrongCandle } from './candles.js';
import type { Fault } from './fault.js';
import { heal } from './healing.js';
import { World, type WorldOptions } from './world.js';

const MINUTE_MS = 60_000;
/** Flow before a fault strikes: at most this long. */
const BEFORE_MS = 2_000;

export interface RoundOptions extends WorldOptions {
  /** Leave the folder of a round that broke a promise. */
  readonly keep: boolean;
  /** More that must hold at the end, of `[from, to)`: a sentence for each thing that does not. */
  readonly also?: (world: World, from: number, to: number) => Promise<string[]>;
}

/** Strikes with `faults`, one after the other, on one world, and then settles accounts. */
export async function round(options: RoundOptions, faults: readonly Fault[]): Promise<Round> {
  const world = await World.create(options);
  const interrupted = () => void world.remove(false).finally(() => process.exit(130));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  let broken = true;
  try {
    const began = Date.now();
    const runs: Run[] = [];
    const transient: WrongCandle[] = [];
    const accounts = new Accounts(world);
    for (const fault of faults) {
      const missing = fault.missing?.(world);
      if (missing) {
        process.stderr.write(`NOT RUN: ${fault.name}: ${missing}\n`);
        continue;
      }
      const run = await strike(world, fault);
      runs.push(run);
      transient.push(...(await accounts.wrongSince(run.from - 2 * MINUTE_MS, began)));
      process.stderr.write(
        `${fault.name}: ${((run.to - run.from) / 1000).toFixed(1)} s${run.error ? ` FAILED: ${String(run.error)}` : ''}\n`,
      );
      if (run.error) break;
    }
    const complaints = await also(world, options, began).catch((error: unknown) => [String(error)]);
    const result = await accounts.settle(runs, began, transient, complaints);
    broken = result.complaints.length > 0;
    return result;
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    await world.remove(options.keep && broken);
  }
}

async function also(world: World, options: RoundOptions, began: number): Promise<string[]> {
  const complaints = (await options.also?.(world, began, Date.now())) ?? [];
  await heal(world, began);
  return complaints;
}

async function strike(world: World, fault: Fault): Promise<Run> {
  const run: Run = { fault, from: Date.now(), to: 0, error: undefined, backSeconds: 0 };
  try {
    await world.pause(0, BEFORE_MS);
    await fault.strike(world);
    if (world.options.calendar) await world.ready();
    else run.backSeconds = (await world.flowing()) / 1000;
  } catch (error) {
    run.error = error;
  }
  run.to = Date.now();
  return run;
}
