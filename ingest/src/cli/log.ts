import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { LogLevel } from '../config/config.js';

/** JSON lines on stderr, or readable ones when somebody looks; stdout is for results. */
export function createLog(level: LogLevel, interactive: boolean): Logger {
  const options = { level, base: null, redact: ['*.accessToken', '*.apiSecret', '*.token', '*.password'] };
  const readable = () =>
    pretty({
      colorize: true,
      destination: 2,
      sync: true,
      ignore: 'pid,hostname',
      translateTime: 'SYS:HH:MM:ss',
    });
  return pino(options, interactive ? readable() : pino.destination({ dest: 2, sync: true }));
}
