import { CommanderError } from 'commander';
import { BrokerError } from '../broker/broker.js';
import { ConfigInvalid } from '../config/config.js';

/** 0 = done, 1 = it failed, 2 = it was asked for wrongly or may not start: nothing was done. */
export type ExitCode = 0 | 1 | 2;

/** A failure that is told in one sentence, which says what to do where that is known. */
export class CommandFailed extends Error {
  override name = 'CommandFailed';
  constructor(
    message: string,
    readonly exitCode: ExitCode = 1,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Wrong arguments, or a start that is refused: exit code 2. */
export class Refused extends CommandFailed {
  override name = 'Refused';
  constructor(message: string, options?: ErrorOptions) {
    super(message, 2, options);
  }
}

/** Errors of other folders that refuse a start; matched by name, so that none of them has to know about exit codes. */
const REFUSALS = new Set([
  'OriginMismatch',
  'WriterTaken',
  'MigrationRefused',
  'CalendarInvalid',
  'PortUnusable',
  'PortTaken',
  'BackupUnusable',
  'ReplayFileInvalid',
  'UnknownInstrument',
]);

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommandFailed) return error.exitCode;
  if (error instanceof ConfigInvalid) return 2;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (
    error instanceof Error &&
    (REFUSALS.has(error.name) || ('code' in error && error.code === 'EADDRINUSE'))
  )
    return 2;
  return 1;
}

/** What is written to stderr: a sentence; with `debug` the stack and its causes as well. */
export function messageOf(error: unknown, debug = false): string {
  if (!(error instanceof Error)) return String(error);
  const sentence = error instanceof BrokerError ? error.message : (systemSentence(error) ?? error.message);
  if (!debug) return sentence;
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : '';
  return `${sentence}\n${error.stack}${cause}`;
}

/** Plain words for what the system and PostgreSQL report by code. */
function systemSentence(error: Error): string | undefined {
  // Node tries IPv4 and IPv6 and reports both: the first one says enough.
  const first = error instanceof AggregateError ? (error.errors[0] as Error) : error;
  const { code, address, port, path } = first as NodeJS.ErrnoException & { address?: string; port?: number };
  switch (code) {
    case 'ECONNREFUSED':
      return `Nothing listens on ${address ?? 'that address'}:${port ?? '?'}; is it started?`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host name could not be found: ${first.message}.`;
    case 'EADDRINUSE':
      return `Port ${port} on ${address} is taken by another program; choose a free one.`;
    case 'EACCES':
      return `Permission denied: ${path ?? first.message}.`;
    case 'ENOENT':
      return `There is no ${path ?? 'such file'}.`;
    case 'ENOSPC':
      return 'The disk is full.';
    case '28P01':
    case '28000':
      return `The database refused the login: ${first.message}.`;
    case '3D000':
      return `The server has no such database: ${first.message}.`;
    default:
      return undefined;
  }
}
