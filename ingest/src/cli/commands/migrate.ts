import { Command } from 'commander';
import { migrate } from '../../db/migrate.js';
import { readSetting, withDatabase } from '../command.js';
import type { Terminal } from '../terminal.js';

export function migrateCommand(terminal: Terminal): Command {
  return new Command('migrate')
    .description('Bring the schema up to date and end. Safe to run again, and beside other starts.')
    .option('--json', 'one JSON document on stdout')
    .action(async ({ json }: { json?: boolean }) => {
      const setting = readSetting(terminal, true);
      await withDatabase(setting, async ({ db, where }) => {
        const applied = await migrate(db, setting.log);
        if (json) return terminal.print(JSON.stringify({ database: where, kind: db.kind, applied }));
        for (const name of applied) terminal.print(`applied ${name}`);
        terminal.print(
          applied.length === 0 ? `Nothing to do: ${where} is up to date.` : `${where} is up to date.`,
        );
      });
    });
}
