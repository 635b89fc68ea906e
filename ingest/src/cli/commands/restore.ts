import { resolve } from 'node:path';
import { Command } from 'commander';
import { readManifest } from '../../backup/manifest.js';
import { restore } from '../../backup/restore.js';
import { takeWriterLock, type WriterLock } from '../../db/writer-lock.js';
import { openForCommand } from '../../service/open-database.js';
import { originOf } from '../../service/origin.js';
import { readSetting } from '../command.js';
import { progressBar, type Terminal } from '../terminal.js';

export function restoreCommand(terminal: Terminal): Command {
  return new Command('restore')
    .description(
      'Read a backup into an empty database. It is checked first; a restore that fails changes nothing.',
    )
    .argument('<folder>', 'what `tickscope backup` wrote')
    .option('--json', 'one JSON document on stdout')
    .action(async (folder: string, { json }: { json?: boolean }) => {
      const setting = readSetting(terminal, true);
      const path = resolve(terminal.folder, folder);
      const { origin } = await readManifest(path);
      // An embedded database lies in its origin's folder: the backup's, whatever is configured now.
      const opened = await openForCommand(
        setting.config,
        origin ?? (await originOf(setting.config)),
        setting.log,
      );
      const bar = progressBar(terminal, 'restore');
      let lock: WriterLock | undefined;
      try {
        lock = await takeWriterLock(opened.db, Date.now());
        const manifest = await restore(opened.db, path, setting.log, {
          onTable: (done, total, table) => bar.update(done, total, table),
        });
        bar.stop();
        const rows = [...manifest.tables, ...manifest.candles].reduce((sum, table) => sum + table.rows, 0);
        if (json)
          terminal.print(JSON.stringify({ database: opened.where, rows, takenAt: manifest.takenAt, origin }));
        else terminal.print(`${rows} rows are in ${opened.where}, as of ${manifest.takenAt}.`);
      } finally {
        bar.stop();
        // Before the database closes: a place that is lost is fought for.
        await lock?.release();
        await opened.close();
      }
    });
}
