import { createServer, type Server, Socket } from 'node:net';

/** How connections through the proxy fare. */
export type Way =
  /** As if it were not there. */
  | { readonly kind: 'open' }
  /** Every portion waits so long, and at most so many bytes a second pass in each direction. */
  | { readonly kind: 'slow'; readonly delayMs: number; readonly bytesPerSecond: number }
  /** Nothing passes, nothing is closed: a network that swallows. */
  | { readonly kind: 'silent' }
  /** Connections are reset, new ones refused. */
  | { readonly kind: 'cut' };

/** Stands between the service and its database, and does to the connection what networks do. */
export class TcpProxy {
  readonly #server: Server;
  readonly #pairs = new Set<{ near: Socket; far: Socket }>();
  #way: Way = { kind: 'open' };
  port = 0;

  constructor(readonly target: number) {
    this.#server = createServer((near) => this.#join(near));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    this.port = typeof address === 'object' && address ? address.port : 0;
  }

  set(way: Way): void {
    this.#way = way;
    if (way.kind === 'cut') {
      for (const { near, far } of this.#pairs) {
        near.resetAndDestroy();
        far.resetAndDestroy();
      }
    }
    for (const { near, far } of this.#pairs) {
      for (const socket of [near, far]) {
        if (way.kind === 'silent') socket.pause();
        else socket.resume();
      }
    }
  }

  async stop(): Promise<void> {
    this.set({ kind: 'cut' });
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket): void {
    if (this.#way.kind === 'cut') {
      near.resetAndDestroy();
      return;
    }
    const far = new Socket();
    const pair = { near, far };
    this.#pairs.add(pair);
    this.#carry(near, far);
    this.#carry(far, near);
    far.connect(this.target, '127.0.0.1');
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.#pairs.delete(pair);
        near.destroy();
        far.destroy();
      });
    }
    if (this.#way.kind === 'silent') {
      near.pause();
      far.pause();
    }
  }

  #carry(from: Socket, to: Socket): void {
    from.on('data', (bytes: Buffer) => {
      if (this.#way.kind === 'slow') {
        from.pause();
        const { delayMs, bytesPerSecond } = this.#way;
        setTimeout(
          () => {
            to.write(bytes);
            if (this.#way.kind !== 'silent') from.resume();
          },
          delayMs + (bytes.length / bytesPerSecond) * 1000,
        );
      } else if (!to.write(bytes)) {
        from.pause();
        to.once('drain', () => {
          if (this.#way.kind !== 'silent') from.resume();
        });
      }
    });
    from.once('end', () => to.end());
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
