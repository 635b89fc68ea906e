import { Command } from 'commander';
import type { CandleInterval } from '../../broker/broker.js';
import { Backfill } from '../../service/backfill.js';
import { addDays, type IstDate, istDate } from '../../sessions/ist.js';
import { readSetting } from '../command.js';
import { CommandFailed, Refused } from '../errors.js';
import { intervalOption, istDateOption } from '../options.js';
import { progressBar, type Terminal } from '../terminal.js';

interface Flags {
  interval: CandleInterval;
  from?: IstDate;
  to?: IstDate;
  gaps?: boolean;
  json?: boolean;
}

export function backfillCommand(terminal: Terminal): Command {
  return new Command('backfill')
    .description(
      'Fetch what is missing of instruments and days, and nothing else. A running service does this when it is asked for candles.',
    )
    .argument('[instruments...]', 'NSE:INFY, "NSE:NIFTY 50" or tokens')
    .option('--gaps', 'instead: repair every hole that the gap ledger knows, those that were given up too')
    .option('--interval <width>', '1m, 5m, 15m, 1h or 1d', intervalOption, '1m' as CandleInterval)
    .option('--from <date>', 'first IST date (default: 7 days ago)', istDateOption)
    .option('--to <date>', 'last IST date (default: today)', istDateOption)
    .option('--json', 'one JSON document on stdout')
    .action(async (instruments: string[], flags: Flags, command: Command) => {
      if ((flags.gaps === true) === instruments.length > 0) {
        command.error('error: name instruments, or give --gaps: one of them', { exitCode: 2 });
      }
      if (flags.gaps) return await repairGaps(terminal, flags.json === true);
      const setting = readSetting(terminal, true);
      const today = istDate(Date.now());
      const to = flags.to ?? today;
      const from = flags.from ?? addDays(to, -7);
      if (from > to) throw new Refused(`--from ${from} lies after --to ${to}.`);
      const backfill = await Backfill.open(setting.config, setting.log);
      const bar = progressBar(terminal, 'backfill');
      // Async, so that an unknown instrument too ends in closing what was opened.
      const fetched = async () =>
        backfill.fetch(
          instruments.map((key) => backfill.target(key)),
          flags.interval,
          from,
          to,
          (done, total, label) => bar.update(done, total, label),
        );
      const { stored, failures } = await fetched().finally(async () => {
        bar.stop();
        await backfill.close();
      });
      if (flags.json)
        terminal.print(JSON.stringify({ stored, from, to, interval: flags.interval, failures }));
      else
        terminal.print(
          stored === 0 && failures.length === 0 ? 'Nothing was missing.' : `${stored} candles were stored.`,
        );
      if (failures.length > 0) throw new CommandFailed(failures.join('\n'));
    });
}

async function repairGaps(terminal: Terminal, json: boolean): Promise<void> {
  const setting = readSetting(terminal, true);
  const backfill = await Backfill.open(setting.config, setting.log);
  const bar = progressBar(terminal, 'repair');
  const { instruments, closed, left } = await backfill
    .repairGaps((done, of) => bar.update(done, of, 'holes of instruments'))
    .finally(async () => {
      bar.stop();
      await backfill.close();
    });
  if (json) terminal.print(JSON.stringify({ instruments, closed, left }));
  else if (instruments === 0) terminal.print('The ledger has no hole that can be repaired now.');
  else terminal.print(`${closed} of ${instruments} holes of instruments were closed.`);
  const failed = left.filter(({ status }) => status === 'FAILED');
  if (failed.length > 0)
    throw new CommandFailed(`${failed[0]!.rows} holes could not be repaired: GET /api/gaps says why.`);
}
