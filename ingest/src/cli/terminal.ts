import cliProgress from 'cli-progress';

/** Where a command reads from and writes to; tests pass their own. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative paths and `.env` are taken from here. */
  readonly folder: string;
  /** Somebody is looking: progress bars make sense. */
  readonly interactive: boolean;
  /** Results, to stdout. */
  print(line: string): void;
  /** Everything about how it goes, to stderr. */
  note(line: string): void;
}

export interface Progress {
  /** `total` may grow while work is found. */
  update(done: number, total: number, what?: string): void;
  stop(): void;
}

export function processTerminal(): Terminal {
  return {
    env: process.env,
    folder: process.cwd(),
    interactive: process.stderr.isTTY === true,
    print: (line) => void process.stdout.write(`${line}\n`),
    note: (line) => void process.stderr.write(`${line}\n`),
  };
}

/** A bar on stderr when somebody looks, silence otherwise: logs and pipes stay clean. */
export function progressBar(terminal: Terminal, label: string): Progress {
  if (!terminal.interactive) return { update: () => {}, stop: () => {} };
  const bar = new cliProgress.SingleBar({
    format: `${label} {bar} {value}/{total} {what}`,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  });
  let started = false;
  return {
    update(done, total, what = '') {
      if (!started) bar.start(total, done, { what });
      started = true;
      bar.setTotal(total);
      bar.update(done, { what });
    },
    stop: () => bar.stop(),
  };
}

/** Two aligned columns. */
export function table(rows: ReadonlyArray<readonly [string, string]>): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`).join('\n');
}
