import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchServer, type ServerPlace, servingProcess, stopServer } from './embedded-server.js';

/*
 * An embedded PostgreSQL that ends though nobody asked us to stop it (killed, out of memory, crashed) is started again at
 * the same address: whoever uses it sees a database that was away, and spools meanwhile.
 *
 *     running     It is watched.
 *     reviving    It has ended. When another process has started one on the same folder meanwhile, that one is left
 *                 alone until it is gone; then ours is started, again and again with a growing pause.
 *     stopped     By us. Nothing is started any more.
 */

const FIRST_AGAIN_MS = 200;
const LONGEST_AGAIN_MS = 5_000;
/** After a clean shutdown: whoever asked for it, and not us, may be about to start one. */
const AFTER_SHUTDOWN_MS = 3_000;

export class SupervisedServer {
  #server: ChildProcess;
  #reviving: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  readonly #stop = new AbortController();

  constructor(
    private readonly place: ServerPlace,
    server: ChildProcess,
  ) {
    this.#server = server;
    this.#watch(server);
  }

  /** Safe to call twice. */
  stop(): Promise<void> {
    this.#stopping ??= (async () => {
      this.#stop.abort();
      await this.#reviving;
      await stopServer(this.#server);
    })();
    return this.#stopping;
  }

  #watch(server: ChildProcess): void {
    this.#server = server;
    const ended = () => {
      if (this.#stop.signal.aborted) return;
      const how = server.signalCode ?? server.exitCode;
      this.place.log.error(
        { dir: this.place.data, how },
        'the embedded PostgreSQL ended by itself: starting it again',
      );
      this.#reviving = this.#revive(server.exitCode === 0 ? AFTER_SHUTDOWN_MS : FIRST_AGAIN_MS);
    };
    if (server.exitCode !== null || server.signalCode !== null) ended();
    else server.once('exit', ended);
  }

  async #revive(firstMs: number): Promise<void> {
    const { data, log, port } = this.place;
    for (let waitMs = firstMs; ; waitMs = Math.min(LONGEST_AGAIN_MS, waitMs * 2)) {
      await sleep(waitMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      if (this.#stop.signal.aborted) return;
      if ((await servingProcess(data)) !== undefined) continue;
      try {
        this.#watch(await launchServer(this.place));
        log.info({ dir: data, port }, 'embedded PostgreSQL runs again');
        return;
      } catch (error) {
        log.error({ err: error, waitMs }, 'the embedded PostgreSQL did not start and will be tried again');
      }
    }
  }
}
