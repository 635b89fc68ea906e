import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { afterAll, describe, expect, test } from 'vitest';
import { BrokerError } from '../../src/broker/broker.js';
import { requestTokenIn } from '../../src/cli/commands/login.js';
import { CommandFailed, exitCodeOf, messageOf, Refused } from '../../src/cli/errors.js';
import { intervalOption, istDateOption, positiveOption } from '../../src/cli/options.js';
import { createProgram } from '../../src/cli/program.js';
import type { Terminal } from '../../src/cli/terminal.js';
import { ConfigInvalid } from '../../src/config/config.js';
import { OriginMismatch } from '../../src/db/origin.js';
import { WriterTaken } from '../../src/db/writer-lock.js';

const folder = mkdtempSync(join(tmpdir(), 'tickscope-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

function terminal(env: Record<string, string> = {}): Terminal & { printed: string[] } {
  const printed: string[] = [];
  return {
    env,
    folder,
    interactive: false,
    print: (line) => void printed.push(line),
    note: () => {},
    printed,
  };
}

async function failureOf(args: string[], env?: Record<string, string>): Promise<unknown> {
  const program = createProgram(terminal(env));
  const silent = { writeOut: () => {}, writeErr: () => {} };
  for (const command of [program, ...program.commands]) command.configureOutput(silent);
  return await program.parseAsync(['node', 'tickscope', ...args]).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('the command line', () => {
  test('has every command that is promised, each with a description', () => {
    const { commands } = createProgram(terminal());
    const names = commands.map((command) => command.name());
    const promised = [
      'serve',
      'migrate',
      'doctor',
      'login',
      'instruments',
      'backfill',
      'aggregates',
      'replay',
    ];
    expect(names).toEqual(expect.arrayContaining([...promised, 'simulate', 'backup', 'restore']));
    for (const command of commands) expect(command.description()).not.toBe('');
    expect(commands.find((command) => command.name() === 'instruments')!.commands[0]!.name()).toBe('sync');
    expect(commands.find((command) => command.name() === 'aggregates')!.commands[0]!.name()).toBe('refresh');
  });

  test.each([
    [['bogus']],
    [['serve', '--bogus']],
    [['backfill']],
    [['backup']],
    [['simulate', '--port', 'x']],
  ])('%j is wrong usage: exit code 2', async (args) => {
    const error = await failureOf(args);
    expect(error).toBeInstanceOf(CommanderError);
    expect(exitCodeOf(error)).toBe(2);
  });

  test('--help is no failure', async () => {
    expect(exitCodeOf(await failureOf(['serve', '--help']))).toBe(0);
  });

  test('doctor tells what is wrong with the configuration and fails', async () => {
    const io = terminal({ BROKER: 'fyers', TICKSCOPE_PORT: 'x' });
    const error = await createProgram(io)
      .parseAsync(['node', 'tickscope', 'doctor', '--json'])
      .catch((caught: unknown) => caught);
    expect(exitCodeOf(error)).toBe(1);
    const { findings } = JSON.parse(io.printed.join('\n')) as { findings: Array<{ verdict: string }> };
    expect(findings).toHaveLength(2);
    expect(findings.every(({ verdict }) => verdict === 'broken')).toBe(true);
  });
});

describe('exit codes', () => {
  test.each([
    ['bad configuration', new ConfigInvalid(['x']), 2],
    ['a refusal', new Refused('x'), 2],
    ['another origin', new OriginMismatch('live', 'replay'), 2],
    ['another writer', new WriterTaken(undefined), 2],
    ['a failed command', new CommandFailed('x'), 1],
    ['a broker that is away', new BrokerError('unavailable', 'x'), 1],
    ['anything else', new Error('x'), 1],
    ['what is not even an error', 'x', 1],
  ])('%s', (_what, error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });
});

describe('messages', () => {
  test('are sentences without a stack, unless somebody debugs', () => {
    const error = new Error('It broke.', { cause: new Error('Because.') });
    expect(messageOf(error)).toBe('It broke.');
    expect(messageOf(error, true)).toMatch(/ at [\s\S]*Because/);
  });

  test.each([
    [
      { code: 'ECONNREFUSED', address: '127.0.0.1', port: 5432 },
      'Nothing listens on 127.0.0.1:5432; is it started?',
    ],
    [{ code: 'ENOSPC' }, 'The disk is full.'],
    [{ code: 'ENOENT', path: '/x/y' }, 'There is no /x/y.'],
  ])('of the system are put in words: %j', (fields, sentence) => {
    expect(messageOf(Object.assign(new Error('raw'), fields))).toBe(sentence);
  });

  test('of two attempts tell the first', () => {
    const refused = Object.assign(new Error('x'), { code: 'ECONNREFUSED', address: '::1', port: 1 });
    expect(messageOf(new AggregateError([refused]))).toContain('::1:1');
  });
});

describe('options', () => {
  test('dates exist', () => {
    expect(istDateOption('2024-02-29')).toBe('2024-02-29');
    for (const text of ['2026-02-30', '20261120', 'today', '2026-1-1'])
      expect(() => istDateOption(text)).toThrow();
  });

  test('intervals and numbers are known and finite', () => {
    expect(intervalOption('15m')).toBe('15m');
    expect(() => intervalOption('7m')).toThrow();
    expect(positiveOption('0.5')).toBe(0.5);
    for (const text of ['0', '-1', 'NaN', 'Infinity', '']) expect(() => positiveOption(text)).toThrow();
  });

  test('a request token is taken from the address that Kite sends people to', () => {
    expect(requestTokenIn(' abc123 ')).toBe('abc123');
    expect(requestTokenIn('http://127.0.0.1:5000/?action=login&status=success&request_token=abc123')).toBe(
      'abc123',
    );
    expect(requestTokenIn('http://127.0.0.1:5000/?status=failed')).toBeUndefined();
    expect(requestTokenIn('two words')).toBeUndefined();
  });
});
