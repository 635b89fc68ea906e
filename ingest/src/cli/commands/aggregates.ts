import { Command } from 'commander';
import { refreshAggregates } from '../../db/aggregates.js';
import { addDays, type IstDate, istDate, istMidnight } from '../../sessions/ist.js';
import { readSetting, withDatabase } from '../command.js';
import { istDateOption } from '../options.js';
import type { Terminal } from '../terminal.js';

/** As long as ticks are kept. */
const DEFAULT_DAYS = 7;

export function aggregatesCommand(terminal: Terminal): Command {
  const refresh = new Command('refresh')
    .description(
      'Compute candles of ticks again for some days, narrow to wide. Never past the bucket in progress, nor where ticks were dropped.',
    )
    .option('--from <date>', 'first IST date (default: 7 days ago)', istDateOption)
    .option('--to <date>', 'last IST date (default: today)', istDateOption)
    .option('--json', 'one JSON document on stdout')
    .action(async (flags: { from?: IstDate; to?: IstDate; json?: boolean }) => {
      const setting = readSetting(terminal, true);
      await withDatabase(setting, async ({ db }) => {
        const now = Date.now();
        const from = istMidnight(flags.from ?? addDays(istDate(now), -DEFAULT_DAYS));
        const to = istMidnight(addDays(flags.to ?? istDate(now), 1));
        await refreshAggregates(db, from, to, now);
        const days = `${istDate(from)} to ${istDate(to - 1)}`;
        terminal.print(
          flags.json
            ? JSON.stringify({ from: istDate(from), to: istDate(to - 1) })
            : `Candles of ticks are up to date: ${days}.`,
        );
      });
    });
  return new Command('aggregates').description('Candles made of ticks').addCommand(refresh);
}
