import type { FeedName } from '../feed/feed.js';
import { ClockStep, PUT_BACK_MOST_MS } from './clock-step.js';
import { FrameSpacing } from './frame-spacing.js';
import { SkewEstimate } from './skew.js';
import type { CoverageEnd, ExceptionReason, TruthChanges } from './truth.js';

/*
 * What one connection slot may claim to have heard (rules 11 to 14).
 *
 *     down        No connection. `connected` leads to gathering.
 *     gathering   A stretch without holes has begun, with a connection or after a hole in a living one. Instruments are
 *                 waited for: until an instrument's first full packet is here, nothing says what it missed. When all
 *                 are here, or GATHER_MS have passed, a row of live_coverage begins: covering.
 *     covering    The row's end follows the packets. Instruments that are still waited for have a lasting exception
 *                 until their first full packet. Instruments subscribed meanwhile are not assigned before theirs.
 *
 * A hole (`disconnected`, silence in session, a dropped frame) ends the row at the last data packet, whatever was heard
 * or noticed later. Every stretch between holes is an epoch with a number of its own: an instrument whose last full
 * packet came in another epoch has missed something, and its next one is a snapshot.
 *
 * All times are epoch milliseconds. `at` and `receivedAt` are by our clock, everything that is claimed is in exchange
 * time (ours less `skew`). Exchange times come in whole seconds: of the second of the newest packet only its beginning
 * is known to be complete, and after a snapshot only the second after its own. No clock, no database: what becomes true
 * is put into the `TruthChanges` of the batch under way, which is committed after everything received before.
 */

/** How long a row waits for the snapshots after a subscribe. */
export const GATHER_MS = 3_000;
/** Packets may come this much later than they happened: LIVE_SETTLE (3 s) less a second for the commit. */
export const LATENESS_MS = 2_000;
/** Silence of a canary in session for longer than this is a hole. */
export const SILENCE_MS = 10_000;
/**
 * Shorter silence is a hole when the exchange's clock has leapt over it: what comes then is new, and what was between was
 * never sent. A process or a network that was held up gets everything late instead.
 */
export const LEAP_MS = 4_000;
/** A session is heard to its end when the last packet is at most SILENCE_MS before and bytes came this long after. */
export const ALIVE_AFTER_END_MS = 5_000;

/** When a feed's instruments trade. */
export interface FeedHours {
  /** Milliseconds of `[from, to)` in which a canary of the feed is in continuous session; 0 when it has none. */
  canaryMs(from: number, to: number): number;
  /** Ends of the continuous sessions of the feed's instruments on the IST date of `ms`. */
  sessionEnds(ms: number): readonly number[];
}

interface Proof {
  readonly token: number;
  readonly from: number;
  readonly to: number;
}

export class FeedCoverage {
  readonly skew = new SkewEstimate();
  /** Number of the present stretch without holes. */
  epoch = -1;
  /** When that stretch began, by our clock. */
  epochAt = 0;
  /** The last epoch that had a row, and where that row ended. */
  closedEpoch = -1;
  closedTo = 0;

  #state: 'down' | 'gathering' | 'covering' = 'down';
  #cause: CoverageEnd | null = null;
  /** Tokens whose first full packet of this epoch is not here. */
  readonly #waiting = new Set<number>();
  readonly #carried = new Set<number>();
  readonly #assigned = new Set<number>();
  /** Lasting exceptions: token -> since when, why. */
  readonly #exceptions = new Map<number, { from: number; reason: ExceptionReason }>();
  readonly #untimed = new Set<number>();
  #proofs: Proof[] = [];
  #from = 0;
  #to = 0;
  #arrivedBy = Number.NaN;
  #lastDataAt = Number.NaN;
  #newestSecond = 0;
  #aliveAt = Number.NEGATIVE_INFINITY;
  /** Of all connections of this slot, as a clock is put back for all of them. */
  readonly #step = new ClockStep();
  readonly #spacing = new FrameSpacing();

  constructor(
    readonly feed: FeedName,
    private readonly hours: FeedHours,
    private readonly nextEpoch: () => number,
    private readonly truth: () => TruthChanges,
  ) {}

  /** What the database says of this feed: whom it carries, where and why its last row ended. */
  resume(assigned: Iterable<number>, cause: CoverageEnd | null, coveredTo: number | null = null): void {
    for (const token of assigned) this.#assigned.add(token);
    this.#cause = cause;
    this.closedTo = coveredTo ?? 0;
  }

  /** True while a connection is up. */
  get isUp(): boolean {
    return this.#state !== 'down';
  }

  /** End of what is claimed, or about to be with the batch under way; -Infinity while nothing is. */
  get claimedTo(): number {
    return this.#state === 'covering' ? this.#to : Number.NEGATIVE_INFINITY;
  }

  /** Tokens whose first full packet of this stretch is not here, those that send packets without a time left out. */
  get unanswered(): number[] {
    return [...this.#waiting].filter((token) => !this.#untimed.has(token));
  }

  /** When the last data frame came, by our clock; NaN before the first of the connection. */
  get lastDataAt(): number {
    return this.#lastDataAt;
  }

  /** Exchange time at our instant `at`. */
  exchangeTime(at: number): number {
    return at - this.skew.ms;
  }

  connected(at: number, tokens: readonly number[]): void {
    if (this.isUp) this.disconnected(at, 'disconnect');
    const wanted = new Set(tokens);
    for (const token of [...this.#assigned]) if (!wanted.has(token)) this.#release(token, at);
    this.#carried.clear();
    for (const token of tokens) this.#carried.add(token);
    this.#lastDataAt = Number.NaN;
    this.#newestSecond = 0;
    this.#aliveAt = at;
    this.#gather(at);
  }

  subscribed(tokens: readonly number[]): void {
    for (const token of tokens) {
      this.#carried.add(token);
      if (this.isUp) this.#waiting.add(token);
    }
  }

  unsubscribed(at: number, tokens: readonly number[]): void {
    for (const token of tokens) {
      this.#carried.delete(token);
      this.#waiting.delete(token);
      this.#untimed.delete(token);
      this.#endException(token, this.exchangeTime(at));
      this.#release(token, at);
    }
    this.#beginWhenGathered(at);
  }

  alive(at: number): void {
    this.#aliveAt = Math.max(this.#aliveAt, at);
    this.#beginWhenGathered(at);
  }

  /** Whether a data frame that comes at `receivedAt` ends a silence which is a hole. */
  wasSilent(receivedAt: number): boolean {
    const since = this.#lastDataAt;
    if (!this.isUp || !(receivedAt - since > SILENCE_MS)) return false;
    return this.hours.canaryMs(this.exchangeTime(since), this.exchangeTime(receivedAt)) > SILENCE_MS;
  }

  /** Whether the data frame that comes at `receivedAt` is late enough to ask `leapt` about it. */
  isLate(receivedAt: number): boolean {
    const silentMs = receivedAt - this.#lastDataAt;
    return this.isUp && silentMs > LEAP_MS && this.#spacing.isUnusual(silentMs);
  }

  /** Whether what was between was never sent: `second` is the exchange time (epoch seconds) that a late frame begins with. */
  leapt(receivedAt: number, second: number): boolean {
    if (this.#newestSecond === 0 || (second - this.#newestSecond) * 1000 <= LEAP_MS) return false;
    return this.hours.canaryMs(this.exchangeTime(this.#lastDataAt), this.exchangeTime(receivedAt)) > LEAP_MS;
  }

  /** Something was lost on a living connection: by silence (`stall`) or because it was dropped (`overload`). */
  hole(at: number, cause: CoverageEnd): void {
    if (!this.isUp) return;
    this.#close(at, cause);
    this.#gather(at);
  }

  /** The first full packet of an instrument in this epoch, of exchange second `second`. */
  arrived(token: number, receivedAt: number, second: number, emptySince: number): void {
    if (!this.#waiting.delete(token)) return;
    this.#untimed.delete(token);
    const moment = this.exchangeTime(receivedAt);
    // A packet that added nothing leaves nothing of its own second in doubt.
    const known = Number.isNaN(emptySince) ? Math.max(moment, (second + 1) * 1000) : moment;
    const covering = this.#state === 'covering';
    this.#assign(token, covering ? known : moment);
    if (covering) this.#endException(token, known);
    else this.#arrivedBy = Math.max(Number.isNaN(this.#arrivedBy) ? known : this.#arrivedBy, known);
    if (moment > emptySince) {
      if (covering) this.truth().provenEmpty.push({ token, from: emptySince, to: Math.floor(moment) });
      else this.#proofs.push({ token, from: emptySince, to: Math.floor(moment) });
    }
    this.#beginWhenGathered(receivedAt);
  }

  /** The instrument sends packets without a time, from `at` on: they prove nothing. `since`: its last full packet. */
  untimed(token: number, at: number, since = this.exchangeTime(at)): void {
    if (!this.#carried.has(token)) return;
    this.#waiting.add(token);
    if (this.#untimed.has(token)) return;
    this.#untimed.add(token);
    if (this.#state !== 'covering') return;
    this.#assign(token, this.exchangeTime(at));
    const from = Math.max(this.#from, Math.floor(since));
    const ended = this.#endException(token, from);
    this.#beginException(token, Math.max(from, ended), 'untimed');
  }

  /**
   * The instrument is asked for again, as nothing has been heard of it for longer than is usual: nothing is claimed from
   * its last full packet (`since`, exchange time) until it answers. An answer in which nothing has moved proves the
   * silence empty.
   */
  doubted(token: number, since: number): void {
    if (!this.#carried.has(token) || this.#waiting.has(token)) return;
    this.#waiting.add(token);
    if (this.#state !== 'covering') return;
    this.#beginException(token, Math.max(this.#from, Math.floor(since)), 'not_subscribed');
  }

  /** The instrument did not answer when it was asked for again: what is missing of it is not the connection's doing. */
  notAnswered(token: number, at: number): void {
    const lasting = this.#exceptions.get(token);
    if (!this.#waiting.has(token) || !lasting) return;
    if (lasting.reason === 'not_subscribed' || lasting.reason === 'untimed') return;
    const from = this.#endException(token, this.exchangeTime(at));
    this.#beginException(token, from, 'not_subscribed');
  }

  /** A tick came that contradicts what was or will be claimed of `[from, to)`. */
  late(token: number, from: number, to: number): void {
    this.truth().exceptions.push({ feed: this.feed, token, from, to, reason: 'late' });
  }

  /**
   * A data frame was taken; `newestSecond` is its latest exchange time in epoch seconds, 0 when it had none.
   * @returns whether our clock turned out to be far off just now
   */
  heard(receivedAt: number, newestSecond: number): boolean {
    this.#spacing.add(Math.min(receivedAt - this.#lastDataAt, SILENCE_MS));
    this.#lastDataAt = receivedAt;
    this.#aliveAt = Math.max(this.#aliveAt, receivedAt);
    let clockIsOff = false;
    if (newestSecond > 0) {
      clockIsOff = this.skew.sample(receivedAt, newestSecond * 1000);
      this.#keepStep(receivedAt, newestSecond);
      if (newestSecond > this.#newestSecond) this.#newestSecond = newestSecond;
    }
    this.#beginWhenGathered(receivedAt);
    return clockIsOff;
  }

  disconnected(at: number, cause: CoverageEnd): void {
    if (!this.isUp) return;
    this.#close(at, cause);
    this.#state = 'down';
    this.#waiting.clear();
    this.#untimed.clear();
  }

  /** Moves the row's end: everything received before `receivedBefore` is in the batch under way or committed. */
  advance(receivedBefore: number): void {
    this.#beginWhenGathered(receivedBefore);
    if (this.#state !== 'covering') return;
    const settled = this.exchangeTime(receivedBefore) - LATENESS_MS;
    const to = Math.floor(this.#withSessionEnd(Math.min(this.#lastHeard(), settled), settled));
    if (to > this.#to) {
      this.#to = to;
      this.#say(null, null);
    }
  }

  /** Of what rests on a clock that was put back nothing is claimed any more. */
  #keepStep(receivedAt: number, second: number): void {
    const claimed = Math.max(this.closedTo, this.claimedTo);
    const from = this.#step.putBack(receivedAt, second * 1000, claimed);
    if (from === undefined) return;
    this.truth().exceptions.push({ feed: this.feed, token: null, from, to: claimed, reason: 'untimed' });
    this.#newestSecond = second;
    this.skew.restart();
    this.skew.sample(receivedAt, second * 1000);
  }

  #gather(at: number): void {
    this.epoch = this.nextEpoch();
    this.epochAt = at;
    this.#state = 'gathering';
    this.#arrivedBy = Number.NaN;
    this.#untimed.clear();
    for (const token of this.#carried) this.#waiting.add(token);
  }

  #beginWhenGathered(at: number): void {
    if (this.#state !== 'gathering' || this.#carried.size === 0 || Number.isNaN(this.#lastDataAt)) return;
    if (this.#waiting.size > 0 && at - this.epochAt < GATHER_MS) return;
    // Nobody is here: either everyone is without times, or nothing has come since the hole.
    if (Number.isNaN(this.#arrivedBy) && this.#lastDataAt < this.epochAt) return;
    this.#state = 'covering';
    const from = Number.isNaN(this.#arrivedBy) ? this.exchangeTime(at) : this.#arrivedBy;
    // Rows of one feed do not overlap, nor do two begin at once: a row is known by where it begins. What ended far ahead is
    // of another time: a replay of a later one.
    const after = this.closedTo - from > PUT_BACK_MOST_MS ? 0 : this.closedTo + 1;
    this.#from = this.#to = Math.max(Math.ceil(from), after);
    this.#say(null, null, true);
    // What was proven empty up to a snapshot was heard from there on.
    for (const { token, from: since } of this.#proofs) {
      if (this.#from > since) this.truth().provenEmpty.push({ token, from: since, to: this.#from });
    }
    this.#proofs = [];
    for (const token of this.#waiting) {
      const reason = this.#untimed.has(token) ? 'untimed' : (this.#cause ?? 'not_subscribed');
      if (reason === 'untimed') this.#assign(token, this.#from);
      if (this.#assigned.has(token)) this.#beginException(token, this.#from, reason);
    }
  }

  #close(at: number, cause: CoverageEnd): void {
    this.truth().provenEmpty.push(...this.#proofs);
    this.#proofs = [];
    this.#cause = cause;
    if (this.#state !== 'covering') return;
    this.#to = Math.max(
      this.#to,
      Math.floor(this.#withSessionEnd(this.#lastHeard(), Number.POSITIVE_INFINITY)),
    );
    this.#say(at, cause);
    this.closedEpoch = this.epoch;
    this.closedTo = this.#to;
    for (const token of [...this.#exceptions.keys()]) this.#endException(token, this.#to);
  }

  /** Up to here events are known to have been heard: before the second of the newest packet. */
  #lastHeard(): number {
    const received = this.exchangeTime(this.#lastDataAt);
    return this.#newestSecond > 0 ? Math.min(received, this.#newestSecond * 1000) : received;
  }

  #withSessionEnd(to: number, settled: number): number {
    const heard = this.#lastHeard();
    const alive = this.exchangeTime(this.#aliveAt);
    let reached = to;
    for (const end of this.hours.sessionEnds(heard)) {
      if (end > reached && end <= settled && end - heard <= SILENCE_MS && alive - end >= ALIVE_AFTER_END_MS) {
        reached = end;
      }
    }
    return reached;
  }

  #say(endedAt: number | null, cause: CoverageEnd | null, isNew = false): void {
    this.truth().row({ feed: this.feed, from: this.#from, to: this.#to, endedAt, cause, isNew });
  }

  #assign(token: number, at: number): void {
    if (this.#assigned.has(token)) return;
    this.#assigned.add(token);
    this.truth().assignments.push({ feed: this.feed, token, at: Math.ceil(at), released: false });
  }

  #release(token: number, at: number): void {
    if (!this.#assigned.delete(token)) return;
    this.truth().assignments.push({
      feed: this.feed,
      token,
      at: Math.floor(this.exchangeTime(at)),
      released: true,
    });
  }

  #beginException(token: number, from: number, reason: ExceptionReason): void {
    this.#exceptions.set(token, { from, reason });
    this.truth().exceptions.push({ feed: this.feed, token, from, to: Number.POSITIVE_INFINITY, reason });
  }

  /** Returns where it ended; 0 when there was none. */
  #endException(token: number, to: number): number {
    const lasting = this.#exceptions.get(token);
    if (!lasting) return 0;
    this.#exceptions.delete(token);
    const end = Math.max(lasting.from, Math.ceil(to));
    this.truth().exceptionEnds.push({ token, from: lasting.from, to: end });
    return end;
  }
}
