import { Command } from 'commander';
import { simulateCommand } from '../simulator/cli.js';
import { aggregatesCommand } from './commands/aggregates.js';
import { backfillCommand } from './commands/backfill.js';
import { backupCommand } from './commands/backup.js';
import { doctorCommand } from './commands/doctor.js';
import { instrumentsCommand } from './commands/instruments.js';
import { loginCommand } from './commands/login.js';
import { migrateCommand } from './commands/migrate.js';
import { qualityCommand } from './commands/quality.js';
import { replayCommand } from './commands/replay.js';
import { restoreCommand } from './commands/restore.js';
import { serveCommand } from './commands/serve.js';
import type { Terminal } from './terminal.js';
import { packageVersion } from './version.js';

/** The whole command line. Errors are thrown, see `errors.ts` for their exit codes. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('tickscope')
    .description('Records live market data, never hides a hole, and heals candles when they are looked at.')
    .version(packageVersion())
    .showSuggestionAfterError()
    .showHelpAfterError('(run with --help for what it takes)')
    .addHelpText(
      'after',
      `
Settings come from the environment or a .env file; README.md lists them.
Exit codes: 0 done, 1 failed, 2 asked for wrongly or refused to start.`,
    );
  const commands = [
    serveCommand(terminal),
    doctorCommand(terminal),
    loginCommand(terminal),
    migrateCommand(terminal),
    instrumentsCommand(terminal),
    backfillCommand(terminal),
    qualityCommand(terminal),
    aggregatesCommand(terminal),
    backupCommand(terminal),
    restoreCommand(terminal),
    replayCommand(terminal),
    simulateCommand(),
  ];
  for (const command of commands) program.addCommand(command);
  throwInsteadOfExit(program);
  return program;
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const inner of command.commands) throwInsteadOfExit(inner);
}
