import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { cpuSeconds, rssMiB } from './proc.js';

const STOP_TIMEOUT_MS = 20_000;

/** A message between the bench and one of its processes. */
export type Message = { readonly type: string } & Record<string, unknown>;

/** A process of the bench's own: a script of this folder that talks by messages. */
export class Child {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<string, (message: Message) => void>();
  #stopped = false;
  #fail: (error: Error) => void = () => undefined;
  /** Rejects when the process says that it failed, or ends by itself; never resolves. */
  readonly failure: Promise<never>;

  /** @param script beside this file, without its ending: `sender` */
  constructor(
    readonly script: string,
    options: { execArgv?: string[]; env?: NodeJS.ProcessEnv } = {},
  ) {
    this.failure = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failure.catch(() => undefined); // whoever waits is told; nobody need wait
    this.#process = fork(fileURLToPath(new URL(`./${script}.js`, import.meta.url)), [], {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: options.execArgv ?? [],
      env: { ...process.env, ...options.env },
    });
    this.#process.on('message', (message: Message) => {
      if (message.type === 'failed') this.#fail(new Error(`${script}: ${String(message['message'])}`));
      this.#waiting.get(message.type)?.(message);
    });
    this.#process.on('exit', (code, signal) => {
      if (!this.#stopped) this.#fail(new Error(`The bench's ${script} ended by itself (${code ?? signal}).`));
    });
  }

  get pid(): number {
    return this.#process.pid!;
  }
  readonly cpu = (): number => cpuSeconds(this.pid);
  readonly rss = (): number => rssMiB(this.pid);

  send(message: Message): void {
    this.#process.send(message);
  }

  /** Calls `listener` with every message of `type` from now on, in place of whoever listened before. */
  on(type: string, listener: (message: Message) => void): void {
    this.#waiting.set(type, listener);
  }

  /** The next message of `type`. Rejects when the process fails. */
  next<T>(type: string): Promise<T> {
    const message = new Promise<T>((resolve) => {
      this.#waiting.set(type, (heard) => resolve(heard as unknown as T));
    });
    return Promise.race([message, this.failure]);
  }

  /** Sends `message` and waits for the answer of type `answer`. */
  ask<T>(message: Message, answer: string): Promise<T> {
    const answered = this.next<T>(answer);
    this.send(message);
    return answered;
  }

  /** Ends the process: politely, then by force. Stopping twice is harmless. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    const force = setTimeout(() => this.#process.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await gone;
    clearTimeout(force);
  }
}

/** The other side: answers messages of the bench by handlers, and says why when one fails. */
export function serveParent(handlers: Record<string, (message: Message) => unknown>): void {
  const failed = (error: unknown) =>
    process.send?.({ type: 'failed', message: (error as Error)?.stack ?? String(error) });
  process.on('message', (message: Message) => {
    Promise.resolve(handlers[message.type]?.(message)).catch(failed);
  });
  process.on('disconnect', () => process.exit(0)); // the bench is gone
}

export function tellParent(message: Message): void {
  process.send?.(message);
}
