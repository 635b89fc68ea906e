import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import { FULL_PACKET_BYTES } from '../decode/columns.js';
import { DecodeFaults } from '../decode/faults.js';
import { decodeFrame, FRAME_DONE, FRAME_START } from '../decode/frame.js';
import { frameBeginsAt } from '../decode/frame-time.js';
import type { FeedEnd, FeedName, FeedSink } from '../feed/feed.js';
import type { Metrics } from '../metrics.js';
import { istDayNumber } from '../sessions/ist.js';
import type { BatchQueue } from './batch-queue.js';
import { Classifier, DUPLICATE, type FeedState, REJECTED } from './classify.js';
import { FeedCoverage } from './coverage.js';
import { type InstrumentSlots, NO_SLOT, NONE } from './instrument-slots.js';
import { RejectLog } from './reject-log.js';
import { silentMs, usualSilenceMs } from './rhythm.js';
import type { TickBatch } from './tick-batch.js';
import type { CoverageEnd } from './truth.js';

interface Feed extends FeedState {
  readonly name: FeedName;
  /** An index heard on this connection: its silence in session is a hole. Our token, NONE before one was heard. */
  canary: number;
  /** True while frames are dropped because the queue is full. */
  dropping: boolean;
  received: number;
  carried: Set<number>;
  ends: { day: number; at: readonly number[] };
}

/** An instrument of which nothing is heard. */
export interface QuietInstrument {
  readonly feed: FeedName;
  /** Ours, and the broker's. */
  readonly token: number;
  readonly brokerToken: number;
  readonly silentMs: number;
  /** Mean between two of its packets; null while it is not known. */
  readonly usualMs: number | null;
  /** Silence up to which it is not stale; Infinity while its rhythm is not known. */
  readonly limitMs: number;
}

/** A connection that has not ticked for so long is silent itself: of its instruments nothing can be said. */
const HEARING_MS = 5_000;

function isHearing({ coverage }: Feed, at: number): boolean {
  return coverage.isUp && at - coverage.lastDataAt < HEARING_MS;
}

export interface TickPipelineOptions {
  readonly slots: InstrumentSlots;
  readonly queue: BatchQueue;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Sequence number of the first tick. */
  readonly firstSeq: number;
  /** Called after a frame or event: something may be there to be written. */
  readonly wake: () => void;
}

/**
 * What feeds talk to: decodes frames into the batch being filled, classifies them in place and keeps coverage.
 * Everything happens within the call; nothing waits for the database.
 */
export class TickPipeline implements FeedSink {
  readonly #o: TickPipelineOptions;
  readonly #feeds: Feed[] = [];
  readonly #byName = new Map<FeedName, Feed>();
  readonly #classifier: Classifier;
  readonly #faults: DecodeFaults;
  readonly #rejects: RejectLog;
  #epochs = 0;
  #duplicates = 0;
  #dropped = 0;
  #reportedLate = 0;
  #reportedDuplicates = 0;
  #reportedDropped = 0;

  constructor(options: TickPipelineOptions) {
    this.#o = options;
    const { metrics } = options;
    this.#rejects = new RejectLog((reason) => metrics.ticksRejected.inc({ reason }));
    this.#faults = new DecodeFaults((fault, bytes, at) =>
      this.#reject(fault === 'unknown_length' ? 'unknown_packet' : `${fault}_frame`, bytes, at),
    );
    this.#classifier = new Classifier(options.slots, options.firstSeq, (batch, row, reason) => {
      const { packets, packetLength, receivedAt } = batch.packets;
      const at = row * FULL_PACKET_BYTES;
      this.#reject(reason, packets.subarray(at, at + packetLength[row]!), receivedAt[row]!);
    });
  }

  get stats(): { duplicates: number; dropped: number; late: number; nextSeq: number } {
    const { late, nextSeq } = this.#classifier;
    return { duplicates: this.#duplicates, dropped: this.#dropped, late, nextSeq };
  }

  /** Coverage of one connection slot, made when first asked for. */
  coverage(feed: FeedName): FeedCoverage {
    return this.#feed(feed).coverage;
  }

  connected(name: FeedName, at: number, tokens: readonly number[]): void {
    const feed = this.#feed(name);
    const before = feed.carried;
    feed.carried = new Set();
    feed.canary = NONE;
    const ours = this.#carry(feed, at, tokens);
    for (const slot of this.#slotsOf(before)) {
      const gone = !feed.carried.has(this.#o.slots.token[slot]!);
      if (gone && this.#o.slots.feed[slot] === feed.number) this.#o.slots.feed[slot] = NONE;
    }
    feed.coverage.connected(at, ours);
    this.#o.wake();
  }

  subscribed(name: FeedName, at: number, tokens: readonly number[]): void {
    const feed = this.#feed(name);
    feed.coverage.subscribed(this.#carry(feed, at, tokens));
    this.#o.wake();
  }

  unsubscribed(name: FeedName, at: number, tokens: readonly number[]): void {
    const feed = this.#feed(name);
    const { slots } = this.#o;
    const ours: number[] = [];
    for (const token of tokens) {
      const slot = slots.find(token, at);
      if (slot === NO_SLOT || slots.feed[slot] !== feed.number) continue;
      slots.feed[slot] = NONE;
      feed.carried.delete(slots.token[slot]!);
      ours.push(slots.token[slot]!);
    }
    feed.ends.day = NONE;
    feed.coverage.unsubscribed(at, ours);
    this.#o.wake();
  }

  /** What is silent beyond its own measure while its connection ticks. */
  stale(at: number): QuietInstrument[] {
    const { slots } = this.#o;
    const quiet: QuietInstrument[] = [];
    for (let slot = 0; slot < slots.length; slot++) {
      const feed = this.#feeds[slots.feed[slot]!];
      if (!feed || !isHearing(feed, at)) continue;
      const usual = usualSilenceMs(slots, slot);
      // Before a rhythm is known, and for most instruments, this is all that is looked at.
      if (at - slots.heardAt[slot]! <= usual) continue;
      const silent = silentMs(slots, slot, at, feed.coverage.exchangeTime(at));
      if (silent > usual) quiet.push(this.#quiet(feed, slot, silent));
    }
    return quiet;
  }

  /** Who was subscribed at least `forMs` ago, on a connection that ticks, and has not answered. */
  unanswered(at: number, forMs: number): QuietInstrument[] {
    const { slots } = this.#o;
    const quiet: QuietInstrument[] = [];
    for (const feed of this.#feeds) {
      if (!isHearing(feed, at)) continue;
      for (const token of feed.coverage.unanswered) {
        const slot = slots.ofToken(token);
        if (slot === NO_SLOT || slots.feed[slot] !== feed.number) continue;
        const asked = Math.max(slots.subscribedAt[slot]!, feed.coverage.epochAt);
        if (at - asked >= forMs) quiet.push(this.#quiet(feed, slot, at - asked));
      }
    }
    return quiet;
  }

  /** Our tokens that are subscribed for a second time now, on the connections that carry them. */
  askedAgain(at: number, tokens: readonly number[]): void {
    const { slots } = this.#o;
    for (const token of tokens) {
      const slot = slots.ofToken(token);
      const feed = slot === NO_SLOT ? undefined : this.#feeds[slots.feed[slot]!];
      if (!feed) continue;
      if (slots.epoch[slot] === feed.coverage.epoch) {
        slots.epoch[slot] = NONE;
        feed.coverage.doubted(token, slots.fullAt[slot]!);
      } else feed.coverage.notAnswered(token, at);
      slots.subscribedAt[slot] = at;
    }
    this.#o.wake();
  }

  #quiet(feed: Feed, slot: number, quietMs: number): QuietInstrument {
    const { slots } = this.#o;
    return {
      feed: feed.name,
      token: slots.token[slot]!,
      brokerToken: slots.brokerToken[slot]!,
      silentMs: quietMs,
      usualMs: slots.intervals[slot]! > 0 ? slots.usualMs[slot]! : null,
      limitMs: usualSilenceMs(slots, slot),
    };
  }

  alive(name: FeedName, at: number): void {
    this.#feed(name).coverage.alive(at);
  }

  disconnected(name: FeedName, at: number, cause: FeedEnd): void {
    const feed = this.#feed(name);
    feed.coverage.disconnected(at, cause);
    feed.dropping = false;
    this.#o.wake();
  }

  frame(name: FeedName, frame: Buffer, receivedAt: number): number {
    const feed = this.#feed(name);
    const { queue } = this.#o;
    const packets = frame.length < 2 ? 0 : frame.readUInt16BE(0);
    if (!feed.dropping && this.#isAfterHole(feed.coverage, frame, receivedAt)) {
      feed.coverage.hole(receivedAt, 'stall');
    }
    if (queue.room < packets) return this.#drop(feed, frame, packets, receivedAt);
    feed.dropping = false;
    try {
      return this.#take(feed, frame, receivedAt);
    } catch (error) {
      feed.coverage.hole(receivedAt, 'overload');
      throw error;
    }
  }

  #isAfterHole(coverage: FeedCoverage, frame: Buffer, receivedAt: number): boolean {
    if (coverage.wasSilent(receivedAt)) return true;
    return coverage.isLate(receivedAt) && coverage.leapt(receivedAt, frameBeginsAt(frame));
  }

  #take(feed: Feed, frame: Buffer, receivedAt: number): number {
    const { queue } = this.#o;
    const { truncated } = this.#faults.counts;
    feed.frameSecond = 0;
    feed.refusedSecond = 0;
    let alive = 0;
    let open = 0;
    let at = FRAME_START;
    for (;;) {
      const batch = queue.current;
      const first = batch.length;
      const began = performance.now();
      at = decodeFrame(frame, receivedAt, batch.packets, this.#faults, at);
      const decoded = performance.now();
      const moment = feed.coverage.exchangeTime(receivedAt);
      // What an earlier use of the batch left in rows that are not reached must not be stored.
      batch.flags.fill(0, first, batch.length);
      for (let row = first; row < batch.length; row++) {
        const fate = this.#classifier.classify(batch, row, feed);
        if (fate === REJECTED) continue;
        if (fate === DUPLICATE) this.#duplicates++;
        alive++;
        const slot = batch.slot[row]!;
        if (this.#o.slots.isIndex[slot] === 1) feed.canary = this.#o.slots.token[slot]!;
        if (this.#o.slots.isOpen(slot, moment)) open++;
      }
      feed.received += batch.length - first;
      batch.decodeMs += decoded - began;
      batch.classifyMs += performance.now() - decoded;
      if (at === FRAME_DONE) break;
      this.#seal(receivedAt - 1);
    }
    // The packets that a frame announced and did not hold are lost.
    if (this.#faults.counts.truncated > truncated) feed.coverage.hole(receivedAt, 'overload');
    let clockIsOff = false;
    if (alive > 0) clockIsOff = feed.coverage.heard(receivedAt, feed.frameSecond);
    else if (feed.refusedSecond > 0) {
      clockIsOff = feed.coverage.skew.refused(receivedAt, feed.refusedSecond * 1000);
    }
    if (clockIsOff) {
      const seconds = Math.round(feed.coverage.skew.ms / 1000);
      this.#o.log.error(
        { feed: feed.name, seconds },
        'The clock of this machine is far from the exchange’s: times are corrected by that; set the clock',
      );
    }
    this.#o.wake();
    return open;
  }

  /** Everything received so far, or about `maxTicks` of it, oldest first, with what its commit makes true. */
  cut(maxTicks: number): TickBatch[] {
    this.#report();
    this.#advance(this.#o.clock.now());
    if (!this.#o.queue.current.isEmpty || this.#o.queue.current.length > 0) this.#o.queue.seal();
    return this.#o.queue.take(maxTicks);
  }

  /** Moves coverage on to now, so that `queue.current.truth` tells whether a flush without ticks is worth it. */
  advance(): void {
    this.#advance(this.#o.clock.now());
  }

  #advance(receivedBefore: number): void {
    for (const feed of this.#feeds) feed.coverage.advance(receivedBefore);
  }

  #seal(receivedBefore: number): void {
    this.#advance(receivedBefore);
    if (!this.#o.queue.seal()) throw new Error('no batch left although there was room');
  }

  /** The queue is full: the newest are dropped, and what is dropped is a hole. */
  #drop(feed: Feed, frame: Buffer, packets: number, receivedAt: number): number {
    if (!feed.dropping) {
      feed.dropping = true;
      feed.coverage.hole(receivedAt, 'overload' satisfies CoverageEnd);
      this.#o.log.warn({ feed: feed.name }, 'The queue to the database is full: ticks are dropped');
    }
    this.#dropped += packets;
    feed.received += packets;
    const { slots } = this.#o;
    const moment = feed.coverage.exchangeTime(receivedAt);
    let open = 0;
    let at = FRAME_START;
    for (let i = 0; i < packets && at + 6 <= frame.length; i++) {
      const slot = slots.find(frame.readUInt32BE(at + 2), receivedAt);
      if (slot !== NO_SLOT && slots.isOpen(slot, moment)) open++;
      at += 2 + frame.readUInt16BE(at);
    }
    return open;
  }

  #reject(reason: string, bytes: Uint8Array, receivedAt: number): void {
    const kept = this.#rejects.take(reason, bytes, receivedAt);
    if (kept) this.#o.queue.current.truth.rejects.push(kept);
  }

  #report(): void {
    const { metrics } = this.#o;
    for (const feed of this.#feeds) {
      if (feed.received > 0) metrics.ticksReceived.inc({ feed: feed.name }, feed.received);
      feed.received = 0;
      const { skew } = feed.coverage;
      if (skew.known) metrics.clockSkew.set({ feed: feed.name }, skew.ms / 1000);
    }
    const { late } = this.#classifier;
    metrics.ticksLate.inc(late - this.#reportedLate);
    metrics.ticksDuplicate.inc(this.#duplicates - this.#reportedDuplicates);
    metrics.ticksDropped.inc(this.#dropped - this.#reportedDropped);
    this.#reportedLate = late;
    this.#reportedDuplicates = this.#duplicates;
    this.#reportedDropped = this.#dropped;
  }

  /** Makes `feed` the carrier of these broker tokens; returns ours. */
  #carry(feed: Feed, at: number, tokens: readonly number[]): number[] {
    const { slots, log } = this.#o;
    const ours: number[] = [];
    for (const token of tokens) {
      const slot = slots.find(token, at);
      if (slot === NO_SLOT) {
        log.warn({ feed: feed.name, brokerToken: token }, 'Subscribed to an instrument that nobody knows');
        continue;
      }
      const other = this.#feeds[slots.feed[slot]!];
      if (other && other !== feed) {
        other.carried.delete(slots.token[slot]!);
        other.coverage.unsubscribed(at, [slots.token[slot]!]);
      }
      if (other !== feed) slots.epoch[slot] = NONE;
      slots.feed[slot] = feed.number;
      slots.subscribedAt[slot] = at;
      feed.carried.add(slots.token[slot]!);
      ours.push(slots.token[slot]!);
    }
    feed.ends.day = NONE;
    return ours;
  }

  #slotsOf(tokens: ReadonlySet<number>): number[] {
    return [...tokens].map((token) => this.#o.slots.ofToken(token)).filter((slot) => slot !== NO_SLOT);
  }

  #feed(name: FeedName): Feed {
    let feed = this.#byName.get(name);
    if (!feed) {
      const { slots, queue } = this.#o;
      const hours = {
        canaryMs: (from: number, to: number) =>
          made.canary === NONE ? 0 : slots.days.sessionMs(made.canary, from, to),
        sessionEnds: (ms: number) => this.#sessionEnds(made, ms),
      };
      const made: Feed = {
        name,
        number: this.#feeds.length,
        coverage: new FeedCoverage(
          name,
          hours,
          () => this.#epochs++,
          () => queue.current.truth,
        ),
        frameSecond: 0,
        refusedSecond: 0,
        canary: NONE,
        dropping: false,
        received: 0,
        carried: new Set(),
        ends: { day: NONE, at: [] },
      };
      feed = made;
      this.#feeds.push(feed);
      this.#byName.set(name, feed);
    }
    return feed;
  }

  #sessionEnds(feed: Feed, ms: number): readonly number[] {
    if (!Number.isFinite(ms)) return [];
    const day = istDayNumber(ms);
    if (feed.ends.day !== day) {
      const ends = new Set<number>();
      for (const token of feed.carried) {
        const edges = this.#o.slots.days.edges(token, day);
        for (let i = 1; i < edges.length; i += 2) ends.add(edges[i]!);
      }
      feed.ends = { day, at: [...ends].sort((a, b) => a - b) };
    }
    return feed.ends.at;
  }
}
