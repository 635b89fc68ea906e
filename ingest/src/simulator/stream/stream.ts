import type { Logger } from 'pino';
import type { Clock } from '../../clock.js';
import { istDayNumber } from '../../sessions/ist.js';
import { moveDepth } from '../depth.js';
import type { EventKind } from '../events.js';
import type { SimulatedExchange } from '../exchange.js';
import type { Faults } from '../faults.js';
import { mix } from '../model/noise.js';
import { type Mode, packetBytes, writeDepthMove } from '../packet.js';
import type { Connection } from './connection.js';
import { MinHeap } from './heap.js';
import { Ledger } from './ledger.js';
import { Streamed } from './streamed.js';

const TICK_MS = 5;
const HEARTBEAT_MS = 1000;
const MINUTE_MS = 60_000;
/** After a jump of the clock (a suspended machine, a skew) the stream goes on from now instead of catching up. */
const MOST_LAG_MS = 120_000;
const ANSWERING_MS = 15;
/** Depth moves that a late timer may make up for. */
const MOST_BEHIND_MS = 50;

export interface StreamOptions {
  readonly exchange: SimulatedExchange;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly log: Logger;
  /** Packets a second aimed at; trades go whatever they are. */
  readonly rate: number;
  /** At most one packet an instrument in so many milliseconds; 0 sends every trade by itself. */
  readonly conflateMs: number;
  /** Keep a list of every trade sent. */
  readonly ledger: boolean;
  /** Play everything however far the clock has leapt, as a replay's does over nights. */
  readonly catchesUp: boolean;
}

/**
 * Plays the exchange's events to the connections as its clock goes on. What is sent is chosen here, what
 * happened is not: rate and conflation never change a trade.
 */
export class Stream {
  readonly ledger: Ledger;
  readonly #streamed = new Map<number, Streamed>();
  readonly #connections = new Set<Connection>();
  readonly #queue = new MinHeap<Streamed>();
  readonly #due = new MinHeap<Streamed>();
  readonly #held: Array<{ streamed: Streamed; body: Buffer; at: number }> = [];
  /** Subscriptions not answered yet: a few milliseconds a tick are spent on them, so that 3000 at once stop nothing. */
  #asked: Array<{ connection: Connection; token: number; mode: Mode }> = [];
  /** Instruments in session now, whose depth may move. */
  #movable: Streamed[] = [];
  #movableMinute = -1;
  #turn = 0;
  #budget = 0;
  #playedTo: number;
  #day: number;
  #lastTick = 0;
  #lastHeartbeat = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly options: StreamOptions) {
    this.ledger = new Ledger(options.ledger);
    this.#playedTo = options.clock.now();
    this.#day = istDayNumber(this.#playedTo);
  }

  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  get streamed(): Iterable<Streamed> {
    return this.#streamed.values();
  }

  join(connection: Connection): void {
    this.#connections.add(connection);
    if (this.#timer) return;
    this.#playedTo = this.options.clock.now();
    this.#lastTick = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  leave(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    this.unsubscribe(connection, [...connection.modes.keys()]);
    if (this.#connections.size === 0) this.#rest();
  }

  stop(): void {
    for (const connection of this.#connections) connection.socket.terminate();
    this.#connections.clear();
    this.#rest();
  }

  /** Subscribes in `mode` (or changes to it) and sends the last state of each, whatever its age. */
  subscribe(connection: Connection, tokens: readonly number[], mode: Mode): void {
    for (const token of tokens) {
      if (!this.options.exchange.instrument(token)) continue;
      connection.modes.set(token, mode);
      this.#asked.push({ connection, token, mode });
    }
  }

  unsubscribe(connection: Connection, tokens: readonly number[]): void {
    for (const token of tokens) {
      connection.modes.delete(token);
      this.#streamed.get(token)?.remove(connection);
    }
    this.#movableMinute = -1;
  }

  #answer(): void {
    if (this.#asked.length === 0) return;
    const until = performance.now() + ANSWERING_MS;
    let answered = 0;
    while (answered < this.#asked.length && performance.now() < until) {
      const { connection, token, mode } = this.#asked[answered++]!;
      if (!this.#connections.has(connection) || !connection.modes.has(token)) continue;
      const streamed = this.#find(token);
      if (!streamed) continue;
      streamed.setMode(connection, mode);
      if (!streamed.state.day) continue; // has never traded: there is no state to show
      streamed.stamp(this.#playedTo);
      streamed.encode();
      if (connection.append(token, streamed.body, packetBytes(mode, streamed.index))) streamed.packets++;
    }
    this.#asked.splice(0, answered);
    this.#movableMinute = -1;
  }

  #find(token: number): Streamed | undefined {
    const known = this.#streamed.get(token);
    if (known?.queued) return known;
    const instrument = this.options.exchange.instrument(token);
    if (!instrument) return undefined;
    if (known) known.state = new Streamed(this.options.exchange, instrument, this.#playedTo).state;
    const streamed = known ?? new Streamed(this.options.exchange, instrument, this.#playedTo);
    this.#streamed.set(token, streamed);
    this.#enqueue(streamed);
    return streamed;
  }

  /** The last instrument's state is let go of with the last connection; the counts stay. */
  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#queue.clear();
    this.#due.clear();
    this.#held.length = 0;
    this.#asked = [];
    this.#movable = [];
    for (const streamed of this.#streamed.values()) {
      streamed.queued = false;
      streamed.dirty = false;
    }
  }

  #enqueue(streamed: Streamed): void {
    streamed.queued = true;
    this.#queue.push(streamed.state.next.at, streamed);
  }

  #tick(): void {
    const now = this.options.clock.now();
    const wall = performance.now();
    const elapsed = Math.min(wall - this.#lastTick, MOST_BEHIND_MS);
    this.#lastTick = wall;
    const leapt = now > this.#playedTo + MOST_LAG_MS && !this.options.catchesUp;
    if (now < this.#playedTo || leapt) this.#jumpTo(now);
    const sent = this.#play(now);
    this.#answer();
    this.#moveDepths(now, elapsed, sent);
    this.#sendDue(now);
    this.#sendHeld(wall);
    for (const connection of this.#connections) connection.flush();
    if (wall - this.#lastHeartbeat >= HEARTBEAT_MS) {
      this.#lastHeartbeat = wall;
      for (const connection of this.#connections) connection.heartbeat();
    }
  }

  #jumpTo(now: number): void {
    this.options.log.info(
      { from: this.#playedTo, to: now },
      'the exchange clock jumped; going on from there',
    );
    this.#queue.clear();
    this.#playedTo = now;
    this.#movableMinute = -1;
    for (const streamed of this.#streamed.values()) {
      streamed.queued = false;
      if (streamed.subscribers.length > 0) this.#find(streamed.instrument.token);
    }
  }

  #play(now: number): number {
    const queue = this.#queue;
    let sent = 0;
    if (istDayNumber(now) !== this.#day) {
      this.#day = istDayNumber(now);
      this.#wake();
    }
    while (queue.firstKey <= now) {
      const streamed = queue.pop()!;
      if (streamed.subscribers.length === 0) {
        streamed.queued = false;
        continue;
      }
      const kind = streamed.state.step();
      queue.push(streamed.state.next.at, streamed);
      this.#offer(streamed, kind, now);
      sent++;
    }
    this.#playedTo = now;
    return sent;
  }

  /** A contract that has not traded for days is looked at again each day. */
  #wake(): void {
    this.#queue.clear();
    for (const streamed of this.#streamed.values()) {
      if (!streamed.queued) continue;
      if (streamed.state.next.at === Number.POSITIVE_INFINITY) streamed.state.lookAhead(this.#playedTo);
      this.#enqueue(streamed);
    }
  }

  #offer(streamed: Streamed, kind: EventKind | 'depth', now: number): void {
    const { conflateMs } = this.options;
    if (this.#hidden(streamed)) return;
    if (conflateMs > 0) {
      streamed.dirtyTrade ||= kind === 'trade' || kind === 'auction';
      if (streamed.dirty) return;
      streamed.dirty = true;
      const phase = (streamed.instrument.token >>> 8) % conflateMs;
      this.#due.push((Math.floor((now - phase) / conflateMs) + 1) * conflateMs + phase, streamed);
      return;
    }
    if (kind !== 'depth') streamed.encode();
    this.#send(streamed, kind === 'trade' || kind === 'auction', kind);
  }

  /** Whether a volume lump is being gathered. */
  #hidden({ instrument }: Streamed): boolean {
    const { faults } = this.options;
    return faults.any && faults.on('volumeLump', instrument.token) !== undefined;
  }

  #send(streamed: Streamed, trade: boolean, kind: EventKind | 'depth'): void {
    const { faults } = this.options;
    if (faults.any && trade) {
      const late = faults.strike('lateTick', streamed.instrument.token);
      if (late) {
        const at = performance.now() + (late.seconds ?? 5) * 1000;
        this.#held.push({ streamed, body: Buffer.from(streamed.body), at });
        return;
      }
    }
    if (!streamed.deliver()) return;
    if (trade) streamed.trades++;
    if (faults.any && faults.strike('duplicate', streamed.instrument.token)) streamed.deliver();
    if (!this.ledger.keepsEvents || kind === 'depth') return;
    const { fields, changedAt } = streamed.state;
    this.ledger.note(streamed.instrument.token, {
      at: changedAt,
      kind,
      pricePaise: fields.lastPrice,
      quantity: fields.lastQuantity,
      volume: fields.volume,
      oi: fields.openInterest,
    });
  }

  /** Fills up to the rate with packets in which only depth moves. */
  #moveDepths(now: number, elapsedMs: number, sent: number): void {
    const { rate } = this.options;
    this.#budget = Math.min(this.#budget + (rate * elapsedMs) / 1000 - sent, (rate * MOST_BEHIND_MS) / 1000);
    if (this.#budget < -rate) this.#budget = -rate;
    if (this.#budget < 1) return;
    const minute = Math.floor(now / MINUTE_MS);
    if (minute !== this.#movableMinute) {
      this.#movableMinute = minute;
      this.#movable = [...this.#streamed.values()].filter(
        (s) => !s.index && s.subscribers.length > 0 && this.options.exchange.isOpen(s.instrument, now),
      );
    }
    const { length } = this.#movable;
    if (length === 0) {
      this.#budget = 0;
      return;
    }
    const second = Math.floor(now / 1000);
    for (; this.#budget >= 1; this.#budget--) {
      const streamed = this.#movable[this.#turn++ % length]!;
      const { fields } = streamed.state;
      if (second > fields.exchangeTime) fields.exchangeTime = second;
      const hash = mix(fields.token, this.#turn);
      const level = moveDepth(fields, streamed.instrument.lotSize, hash);
      writeDepthMove(streamed.body, 0, fields, level);
      this.#offer(streamed, 'depth', now);
    }
  }

  #sendDue(now: number): void {
    while (this.#due.firstKey <= now) {
      const streamed = this.#due.pop()!;
      const trade = streamed.dirtyTrade;
      streamed.dirty = false;
      streamed.dirtyTrade = false;
      if (this.#hidden(streamed)) continue;
      streamed.stamp(now);
      streamed.encode();
      this.#send(streamed, trade, trade ? 'trade' : 'depth');
    }
  }

  #sendHeld(wall: number): void {
    for (let i = this.#held.length - 1; i >= 0; i--) {
      const { streamed, body, at } = this.#held[i]!;
      if (at > wall || this.#hidden(streamed)) continue;
      this.#held.splice(i, 1);
      if (streamed.deliver(body)) streamed.trades++;
    }
  }
}
