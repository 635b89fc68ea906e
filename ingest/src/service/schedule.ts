import type { Logger } from 'pino';

export interface Job {
  readonly name: string;
  readonly everyMs: number;
  /** Runs at once as well, not only after the first wait. */
  readonly atStart?: boolean;
  run(): void | Promise<void>;
}

/** Runs small jobs again and again. A job never overlaps itself, and its failure is logged, not fatal. */
export class Schedule {
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #running = new Map<string, Promise<void>>();

  constructor(readonly log: Logger) {}

  add(job: Job): void {
    const timer = setInterval(() => this.#run(job), job.everyMs);
    timer.unref();
    this.#timers.push(timer);
    if (job.atStart) this.#run(job);
  }

  /** Starts no job any more and waits for those under way. */
  async stop(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    await Promise.all(this.#running.values());
  }

  #run(job: Job): void {
    if (this.#running.has(job.name)) return;
    const done = this.#attempt(job).finally(() => this.#running.delete(job.name));
    this.#running.set(job.name, done);
  }

  async #attempt(job: Job): Promise<void> {
    try {
      await job.run();
    } catch (error) {
      this.log.warn(
        { job: job.name, reason: error instanceof Error ? error.message : String(error) },
        'a job failed',
      );
    }
  }
}
