import type { Metrics } from '../metrics.js';
import type { ClientEvents, StreamClient } from './client.js';
import type { Topic } from './topic.js';

/** How often topics that must wait for their turn, and clients that must wait for their socket, are looked at. */
const LOOK_MS = 10;
/** Longest stretch of sending before the sockets of the feed get their turn. */
const STRETCH_MS = 8;

/**
 * Brings what changed to those who want it: soon after the change, in rounds that let the rest of the process breathe.
 * A topic's message is made when the first client is written to, and is the same bytes for all.
 */
export class Publisher implements ClientEvents {
  #due: Topic[] = [];
  #paced: Topic[] = [];
  #writable: StreamClient[] = [];
  readonly #slow = new Set<StreamClient>();
  #looking: NodeJS.Timeout | undefined;
  #running = false;
  #stopped = false;

  constructor(private readonly metrics: Metrics) {}

  /** Something new is in the topic. */
  changed(topic: Topic): void {
    topic.changed();
    if (topic.queued || topic.subscribers.size === 0) return;
    topic.queued = true;
    if (topic.takeTurn(performance.now())) {
      this.#due.push(topic);
      this.#run();
    } else {
      this.#paced.push(topic);
      this.#look();
    }
  }

  waiting(client: StreamClient): void {
    this.#writable.push(client);
    this.#run();
  }

  conflated(): void {
    this.metrics.streamConflated.inc();
  }

  flooded(): void {
    this.metrics.streamDropped.inc({ reason: 'flood' });
  }

  sent(messages: number): void {
    this.metrics.streamMessages.inc(messages);
  }

  forget(client: StreamClient): void {
    this.#slow.delete(client);
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#looking);
  }

  #run(): void {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    setImmediate(() => void this.#rounds());
  }

  async #rounds(): Promise<void> {
    try {
      while (!this.#stopped && (this.#due.length > 0 || this.#writable.length > 0)) await this.#round();
    } finally {
      this.#running = false;
    }
  }

  async #round(): Promise<void> {
    const due = this.#due;
    this.#due = [];
    for (const topic of due) {
      topic.queued = false;
      for (const client of topic.subscribers) client.offer(topic);
    }
    const writable = this.#writable;
    this.#writable = [];
    let since = performance.now();
    for (const client of writable) {
      this.#flush(client, since);
      if (performance.now() - since < STRETCH_MS) continue;
      await new Promise((resolve) => setImmediate(resolve));
      since = performance.now();
    }
  }

  #flush(client: StreamClient, now: number): void {
    if (client.flush(now) === 'slow') this.metrics.streamDropped.inc({ reason: 'slow' });
    if (client.isSlow && client.isOpen) {
      this.#slow.add(client);
      this.#look();
    } else this.#slow.delete(client);
  }

  #look(): void {
    this.#looking ??= setInterval(() => this.#lookAgain(), LOOK_MS);
  }

  #lookAgain(): void {
    const now = performance.now();
    const paced = this.#paced;
    this.#paced = [];
    for (const topic of paced) {
      if (topic.takeTurn(now)) this.#due.push(topic);
      else this.#paced.push(topic);
    }
    for (const client of [...this.#slow]) this.#flush(client, now);
    if (this.#due.length > 0) this.#run();
    if (this.#paced.length === 0 && this.#slow.size === 0) {
      clearInterval(this.#looking);
      this.#looking = undefined;
    }
  }
}
