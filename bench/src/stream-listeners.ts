import { mix, unit } from '@tickscope/ingest/dist/src/simulator/model/noise.js';
import { WebSocket } from 'ws';
import { serveParent, tellParent } from './child.js';
import { latencies } from './result.js';

/*
 * Those who listen, a process of its own: so many connections, each subscribed to `tick` and `bar` of its instruments.
 * Messages: `connect` -> `connected` when everybody has had a first tick of everything; `measure` begins the figures;
 * `report` -> `heard`.
 */

export interface Listen {
  readonly url: string;
  readonly clients: number;
  /** Instruments of each. */
  readonly each: number;
  readonly tokens: readonly number[];
}

export interface Heard {
  /** Commit to received, in milliseconds. */
  readonly all: ReturnType<typeof latencies>;
  readonly tick: ReturnType<typeof latencies>;
  readonly bar: ReturnType<typeof latencies>;
  readonly messages: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly closed: number;
}

const HEAD_BYTES = 160;
const FIELD = '"committedAt":"';
const ISO_LENGTH = 24;
const AT_ONCE = 50;
const PATIENCE_MS = 300_000;

class Listeners {
  readonly #sockets: WebSocket[] = [];
  #ticks: number[] = [];
  #bars: number[] = [];
  #bytes = 0;
  #from = Number.POSITIVE_INFINITY;
  #first = 0;
  #closed = 0;

  async connect({ url, clients, each, tokens }: Listen): Promise<void> {
    for (let i = 0; i < clients; i += AT_ONCE) {
      const some = Array.from({ length: Math.min(AT_ONCE, clients - i) }, (_, n) =>
        this.#open(url, i + n, each, tokens),
      );
      await Promise.all(some);
    }
    const until = Date.now() + PATIENCE_MS;
    while (this.#first < clients * each) {
      if (Date.now() > until) throw new Error(`Only ${this.#first} of ${clients * each} first ticks came.`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  measure(): void {
    this.#ticks = [];
    this.#bars = [];
    this.#bytes = 0;
    this.#from = Date.now();
  }

  report(): Heard {
    return {
      all: latencies(this.#ticks.concat(this.#bars)),
      tick: latencies(this.#ticks),
      bar: latencies(this.#bars),
      messages: this.#ticks.length + this.#bars.length,
      seconds: (Date.now() - this.#from) / 1000,
      bytes: this.#bytes,
      closed: this.#closed,
    };
  }

  async #open(url: string, client: number, each: number, tokens: readonly number[]): Promise<void> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/api/stream`, ['tickscope.v1'], {
      perMessageDeflate: false,
      skipUTF8Validation: true,
    });
    this.#sockets.push(socket);
    socket.on('close', () => this.#closed++);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    const mine = new Set<number>();
    for (let n = 0; mine.size < each; n++)
      mine.add(tokens[Math.floor(unit(mix(mix(1, client), n)) * tokens.length)]!);
    const waited = new Set(mine);
    socket.on('message', (data: Buffer) => this.#hear(data, waited));
    socket.send(
      JSON.stringify({
        type: 'subscribe',
        symbols: [...mine].map(String),
        channels: ['tick', 'bar'],
        intervals: ['1m'],
      }),
    );
  }

  #hear(data: Buffer, waited: Set<number>): void {
    const head = data.toString('latin1', 0, HEAD_BYTES);
    const isTick = head.startsWith('{"type":"tick"');
    if (!isTick && !head.startsWith('{"type":"bar"')) return;
    if (isTick && waited.size > 0 && waited.delete(Number(/"token":(\d+)/.exec(head)?.[1]))) this.#first++;
    const at = head.indexOf(FIELD);
    if (at < 0) return;
    const committedAt = Date.parse(head.slice(at + FIELD.length, at + FIELD.length + ISO_LENGTH));
    if (!(committedAt >= this.#from)) return;
    (isTick ? this.#ticks : this.#bars).push(Date.now() - committedAt);
    this.#bytes += data.length;
  }
}

function main(): void {
  const listeners = new Listeners();
  serveParent({
    connect: async (message) => {
      await listeners.connect(message as unknown as Listen);
      tellParent({ type: 'connected' });
    },
    measure: () => listeners.measure(),
    report: () => tellParent({ type: 'heard', ...listeners.report() }),
  });
}
main();
