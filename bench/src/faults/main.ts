import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { FAULTS, SHORT } from './catalogue.js';
import type { Fault } from './fault.js';
import { flapping } from './flapping.js';
import { Random } from './random.js';
import { add, emptyTally, isClean, type Tally, table } from './report.js';
import { holiday, outsideSessions, type SessionDay, specialSession, tradingDay } from './session-days.js';
import { type RoundOptions, round } from './suite.js';

/*
 * `npm run test:faults`: real processes, a real PostgreSQL, the simulator. Prints what was sent, stored, lost, duplicated
 * and wrongly called complete, by fault; exit code 1 when a promise was broken.
 *
 *     --runs 300       so many strikes; each fault as often as every other (default: each once)
 *     --short          the few that `npm test` can afford
 *     --only a,b       these faults
 *     --sessions       days with hours as well (about ten minutes); --no-sessions leaves them out
 *     --flapping       what a flapping feed costs the broker; with --instruments 3000 it takes a quarter of an hour
 *     --seed 7         the same order, pauses and market again
 *     --sum FILE       adds the result to that of earlier runs, and prints the sum
 *     --keep           leaves the folder of a round that broke a promise
 *
 * FAULTS_POSTGRES_BIN names the folder of the programs of a PostgreSQL with TimescaleDB; without it the embedded one runs.
 */

const RUNS_A_ROUND = 25;
const MOST_COMPLAINTS = 40;
const DAYS: ReadonlyArray<(now: number) => SessionDay> = [tradingDay, specialSession, holiday];

const { values } = parseArgs({
  allowNegative: true,
  options: {
    runs: { type: 'string' },
    short: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string' },
    sessions: { type: 'boolean' },
    flapping: { type: 'boolean' },
    sum: { type: 'string' },
    keep: { type: 'boolean', default: false },
    instruments: { type: 'string', default: '60' },
    rate: { type: 'string', default: '300' },
  },
});

const random = new Random(Number(values.seed));
const only = values.only?.split(',') ?? (values.short ? SHORT : undefined);
const chosen = only ? FAULTS.filter(({ name }) => only.includes(name)) : FAULTS;
if (chosen.length === 0) {
  console.error(`No such fault. There are: ${FAULTS.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}
const runs = Number(values.runs ?? chosen.length);
const bin = process.env['FAULTS_POSTGRES_BIN'];
const database = bin ? 'TimescaleDB' : 'embedded PostgreSQL';
console.log(`SEED=${values.seed}, ${runs} runs on ${database}`);

const tallies = new Map<string, Tally>();
let clean = true;
for (let left = plan(runs); left.length > 0; left = left.slice(RUNS_A_ROUND)) {
  // Faults without holes first: their minutes are complete by what was heard.
  const part = left.slice(0, RUNS_A_ROUND).sort((a, b) => Number(a.holes) - Number(b.holes));
  await strike(part, {});
}
for (const day of (values.sessions ?? only === undefined) ? DAYS : []) {
  const { calendar, steps } = day(Date.now());
  await strike(steps, { calendar, also: outsideSessions });
}
if (values.flapping ?? only === undefined) {
  const { fault, also } = flapping();
  // The ticks of so many instruments need more room than the small disks have.
  await strike([fault], { also, smallDisks: false });
}
if (values.sum !== undefined) sumUp(values.sum);
console.log(table(tallies));
process.exit(clean ? 0 : 1);

async function strike(faults: readonly Fault[], more: Partial<RoundOptions>): Promise<void> {
  const settled = round(
    {
      random,
      seed: 1 + Math.floor(random.next() * 1000),
      instruments: Number(values.instruments),
      rate: Number(values.rate),
      bin,
      keep: values.keep,
      ...more,
    },
    faults,
  );
  const result = await settled.catch((error: Error) => ({
    tallies: new Map([['(round)', { ...emptyTally(), failed: 1 }]]),
    complaints: [`a round could not be finished: ${error.stack ?? error.message}`],
  }));
  clean &&= isClean(result.tallies.values());
  addAll(result.tallies);
  const { complaints } = result;
  for (const complaint of complaints.slice(0, MOST_COMPLAINTS)) console.log(complaint);
  if (complaints.length > MOST_COMPLAINTS) console.log(`... and ${complaints.length - MOST_COMPLAINTS} more`);
}

function addAll(more: Iterable<[string, Tally]>): void {
  for (const [name, tally] of more) {
    const total = tallies.get(name) ?? emptyTally();
    add(total, tally);
    tallies.set(name, total);
  }
}

function sumUp(file: string): void {
  if (existsSync(file))
    addAll(Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, Tally>));
  writeFileSync(file, JSON.stringify(Object.fromEntries(tallies), undefined, 2));
}

/** Every fault as often as every other, in an order by the seed. */
function plan(count: number): Fault[] {
  const faults: Fault[] = [];
  while (faults.length < count) faults.push(...random.shuffled(chosen));
  return faults.slice(0, count);
}
