import type { Logger } from 'pino';
import { type Config, parseConfig, readEnvironment } from '../config/config.js';
import type { OpenedDatabase } from '../service/open-database.js';
import { openForCommand } from '../service/open-database.js';
import { originOf } from '../service/origin.js';
import { createLog } from './log.js';
import type { Terminal } from './terminal.js';

/** What a command works with, made from the configuration when it runs and not before `--help`. */
export interface Setting {
  readonly config: Config;
  readonly log: Logger;
  readonly terminal: Terminal;
}

/** @throws ConfigInvalid */
export function readSetting(terminal: Terminal, quiet = false): Setting {
  const config = parseConfig(readEnvironment(terminal.env, terminal.folder), terminal.folder);
  // A short command tells its result; how it got there is for those who ask.
  const level = quiet && config.logLevel === 'info' ? 'warn' : config.logLevel;
  return { config, log: createLog(level, terminal.interactive), terminal };
}

/** Runs `work` on the configured database, the running service's embedded one included, and closes it again. */
export async function withDatabase<T>(
  setting: Setting,
  work: (opened: OpenedDatabase, origin: string) => Promise<T>,
): Promise<T> {
  const origin = await originOf(setting.config);
  const opened = await openForCommand(setting.config, origin, setting.log);
  try {
    return await work(opened, origin);
  } finally {
    await opened.close();
  }
}
