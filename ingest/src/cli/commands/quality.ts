import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import type { Database } from '../../db/database.js';
import { WriterTaken } from '../../db/writer-lock.js';
import { askForComparison } from '../../quality/end-of-day.js';
import { readReport, reportText } from '../../quality/report.js';
import { Backfill } from '../../service/backfill.js';
import { type IstDate, istDate } from '../../sessions/ist.js';
import { readSetting, type Setting, withDatabase } from '../command.js';
import { CommandFailed, Refused } from '../errors.js';
import { istDateOption } from '../options.js';
import { type Progress, progressBar, type Terminal } from '../terminal.js';

interface Flags {
  date?: IstDate;
  run?: boolean;
  all?: boolean;
  json?: boolean;
}

/** Instruments that the report lists without --all. */
const MOST_LINES = 30;
const LOOK_EVERY_MS = 500;
/** A running service looks for what was asked every quarter of a minute. */
const TAKEN_UP_WITHIN_MS = 60_000;

export function qualityCommand(terminal: Terminal): Command {
  return new Command('quality')
    .description("How well a day agrees with the broker's history, as the comparison after its close found.")
    .option('--date <date>', 'IST date (default: today)', istDateOption)
    .option('--run', 'compare the day first, also one that was compared; a running service does it then')
    .option('--all', 'list every instrument, not only the worst')
    .option('--json', 'one JSON document on stdout')
    .action(async (flags: Flags) => {
      const setting = readSetting(terminal, true);
      const today = istDate(Date.now());
      const date = flags.date ?? today;
      if (date > today) throw new Refused(`--date ${date} is still to come.`);
      if (flags.run) await compare(setting, date);
      const report = await withDatabase(setting, ({ db }) => readReport(db.pool, date));
      if (flags.json) terminal.print(JSON.stringify(report));
      else terminal.print(reportText(report, flags.all ? Number.POSITIVE_INFINITY : MOST_LINES));
      if (flags.run && report.status !== 'DONE') {
        throw new CommandFailed(
          `The comparison of ${date} is not over: ${report.message ?? 'it goes on in the running service, or none is running any more'}.`,
        );
      }
    });
}

/** In this process; beside a running service that one is asked, because two would ask the broker at twice its rate. */
async function compare(setting: Setting, date: IstDate): Promise<void> {
  const bar = progressBar(setting.terminal, 'compare');
  try {
    const backfill = await Backfill.open(setting.config, setting.log);
    try {
      await backfill.compareDay(date, (done, of) => bar.update(done, of, 'instruments'));
    } finally {
      await backfill.close();
    }
  } catch (error) {
    if (!(error instanceof WriterTaken)) throw error;
    await withDatabase(setting, ({ db }) => compareByService(db, date, bar));
  } finally {
    bar.stop();
  }
}

async function compareByService(db: Database, date: IstDate, bar: Progress): Promise<void> {
  await askForComparison(db, date, Date.now());
  let lastMove = Date.now();
  for (let compared = -1; ; ) {
    const report = await readReport(db.pool, date);
    if (report.status === 'DONE') return;
    bar.update(report.compared, report.instruments, 'instruments');
    if (report.compared !== compared || report.status === 'RUNNING') {
      compared = report.compared;
      lastMove = Date.now();
    }
    if (report.message !== null || Date.now() - lastMove > TAKEN_UP_WITHIN_MS) return;
    await sleep(LOOK_EVERY_MS);
  }
}
