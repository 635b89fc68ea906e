import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { LogLevel } from '../config/config.js';

/** JSON lines on stderr, or readable ones when somebody looks; stdout is for results. */
export function createLog(level: LogLevel, interactive: boolean): Logger {
  const options = {
    level,
    base: null,
    redact: ['*.accessToken', '*.apiSecret', '*.password'],
    serializers: { err: (error: unknown) => describe(error, level === 'debug' || level === 'trace') },
  };
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

/** Database errors carry their whole connection about; a sentence, a code and, for those who debug, a stack will do. */
function describe(error: unknown, withStack: boolean): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack } = error;
  const code = 'code' in error ? error.code : undefined;
  return { name, message, code, ...(withStack ? { stack } : {}) };
}
