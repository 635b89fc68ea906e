import { parseArgs } from 'node:util';
import { FAULTS, SHORT } from './catalogue.js';
import type { Fault } from './fault.js';
import { Random } from './random.js';
import { add, emptyTally, isClean, type Tally, table } from './report.js';
import { round } from './suite.js';

/*
 * `npm run test:faults`: real processes, a real PostgreSQL, the simulator. Prints what was sent, stored, lost, duplicated
 * and wrongly called complete, by fault; exit code 1 when a promise was broken.
 */

const RUNS_A_ROUND = 20;

const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    short: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string' },
    keep: { type: 'boolean', default: false },
    instruments: { type: 'string', default: '60' },
    rate: { type: 'string', default: '300' },
  },
});

const random = new Random(Number(values.seed));
const only = values.only?.split(',') ?? (values.short ? SHORT : undefined);
const chosen = only ? FAULTS.filter(({ name }) => only.includes(name)) : FAULTS;
const runs = Number(values.runs ?? chosen.length);
if (chosen.length === 0)
  throw new Error(`No such fault. There are: ${FAULTS.map(({ name }) => name).join(', ')}.`);
const bin = process.env['FAULTS_POSTGRES_BIN'];
console.log(`SEED=${values.seed}, ${runs} runs, ${bin ? 'TimescaleDB' : 'embedded PostgreSQL'}`);

const tallies = new Map<string, Tally>();
let left = plan(runs);
while (left.length > 0) {
  // Faults without holes first: their minutes are complete by what was heard.
  const part = left.slice(0, RUNS_A_ROUND).sort((a, b) => Number(a.holes) - Number(b.holes));
  left = left.slice(RUNS_A_ROUND);
  const options = {
    random,
    seed: 1 + Math.floor(random.next() * 1000),
    instruments: Number(values.instruments),
    rate: Number(values.rate),
    bin,
  };
  const result = await round(options, part, values.keep);
  for (const [name, tally] of result.tallies) {
    const total = tallies.get(name) ?? emptyTally();
    add(total, tally);
    tallies.set(name, total);
  }
  for (const complaint of result.complaints.slice(0, 40)) console.log(complaint);
  if (result.complaints.length > 40) console.log(`... and ${result.complaints.length - 40} more`);
}
console.log(table(tallies));
process.exit(isClean(tallies.values()) ? 0 : 1);

/** Every fault as often as every other, in an order by the seed. */
function plan(runs: number): Fault[] {
  const faults: Fault[] = [];
  while (faults.length < runs) faults.push(...random.shuffled(chosen));
  return faults.slice(0, runs);
}
