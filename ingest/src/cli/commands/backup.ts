import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { backup } from '../../backup/backup.js';
import { readSetting, withDatabase } from '../command.js';
import { progressBar, type Terminal } from '../terminal.js';

export function backupCommand(terminal: Terminal): Command {
  return new Command('backup')
    .description(
      'Write everything that cannot be rebuilt into a new folder: one moment, also while the service runs.',
    )
    .argument('<folder>', 'made when absent; must be empty')
    .option(
      '--ticks <which>',
      'all, or recent: no ticks and order books older than 3 days',
      ticksOption,
      'all',
    )
    .option('--json', 'one JSON document on stdout')
    .action(async (folder: string, { ticks, json }: { ticks: Ticks; json?: boolean }) => {
      const setting = readSetting(terminal, true);
      const path = resolve(terminal.folder, folder);
      const bar = progressBar(terminal, 'backup');
      await withDatabase(setting, async ({ db }) => {
        const manifest = await backup(db, path, {
          recentTicks: ticks === 'recent',
          onTable: (done, total, table) => bar.update(done, total, table),
        }).finally(() => bar.stop());
        const rows = [...manifest.tables, ...manifest.candles].reduce((sum, table) => sum + table.rows, 0);
        if (json) terminal.print(JSON.stringify({ folder: path, ...manifest }));
        else
          terminal.print(
            `${rows} rows of ${manifest.origin ?? 'no origin yet'} are in ${path}, as of ${manifest.takenAt}.`,
          );
      });
    });
}

type Ticks = 'all' | 'recent';

function ticksOption(text: string): Ticks {
  if (text !== 'all' && text !== 'recent') throw new InvalidArgumentError('Expected all or recent.');
  return text;
}
