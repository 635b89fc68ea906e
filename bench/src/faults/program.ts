import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BIN = join(
  dirname(fileURLToPath(import.meta.resolve('@tickscope/ingest/package.json'))),
  'bin/tickscope.js',
);

/** The real program in a process of its own, with an environment in which nothing is configured. */
export class Program {
  readonly #child: ChildProcess;
  /** The exit code, or the signal that ended it; undefined while it runs. */
  ended: number | NodeJS.Signals | undefined;
  readonly exit: Promise<number | NodeJS.Signals>;

  /** @param output file that what it prints is appended to */
  constructor(
    readonly args: readonly string[],
    folder: string,
    readonly output: string,
    env: Readonly<Record<string, string>> = {},
  ) {
    const { PATH = '', HOME = '' } = process.env;
    const file = openSync(output, 'a');
    this.#child = spawn(process.execPath, [BIN, ...args], {
      cwd: folder,
      env: { PATH, HOME, ...env },
      stdio: ['ignore', file, file],
    });
    closeSync(file);
    this.exit = new Promise((resolve) => {
      this.#child.once('close', (code, signal) => {
        this.ended = code ?? signal!;
        resolve(this.ended);
      });
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** What it and its predecessors printed. */
  printed(): string {
    return readFileSync(this.output, 'utf8');
  }

  kill(signal: NodeJS.Signals): void {
    if (this.ended === undefined) this.#child.kill(signal);
  }

  /** Asks it to end; after `withinMs` it is made to. @returns how it ended */
  async stop(withinMs: number): Promise<number | NodeJS.Signals> {
    this.kill('SIGTERM');
    const force = setTimeout(() => this.kill('SIGKILL'), withinMs);
    try {
      return await this.exit;
    } finally {
      clearTimeout(force);
    }
  }
}
