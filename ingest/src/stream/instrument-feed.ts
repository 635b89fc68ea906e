import { instrumentKey } from '../api/candle-query.js';
import { quoteItem } from '../api/routes/api/quote.js';
import { unpackBook } from '../api/sql/depth.js';
import { iso, isoOrNull } from '../api/times.js';
import type { CandleInterval } from '../broker/broker.js';
import type { Candle } from '../candles/candle.js';
import type { RestQuote } from '../feed/fallback.js';
import type { Instrument } from '../instruments/instrument.js';
import { dayNumberToDate, istMidnight } from '../sessions/ist.js';
import { Bar, candleOf, exists, type Forming, formingOf, type StoredBar } from './bar.js';
import { InstrumentState } from './instrument-state.js';
import type { AsOf } from './stored.js';
import type { CommittedTick } from './tick.js';
import { Topic } from './topic.js';

/** A committed tick, kept while what is stored is being read. */
interface Held {
  readonly batch: number;
  readonly tick: CommittedTick;
  readonly book: Buffer | undefined;
}

/** What the feed tells its owner. */
export interface FeedEvents {
  /** A topic has something new. */
  changed(topic: Topic): void;
  /** A bucket is over, or only the database can tell it now. */
  judge(feed: InstrumentFeed, interval: CandleInterval, bucket: number): void;
  /** A quote by REST that stands in for ticks. */
  restQuote(token: number): RestQuote | undefined;
}

/** The candles of one interval: that of the bucket under way, and the last that ended, whose final word comes later. */
export class BarFeed {
  readonly bar: Bar;
  readonly live: Topic;
  readonly ended: Topic;
  /** Ticks that came while the database was being asked; undefined when it is not. */
  held: Held[] | undefined = [];
  loaded: Promise<void> | undefined;
  /** The flush that what was read knows, with those before it. */
  asOf = 0;
  /** The day candle that the broker gave; it hides the day's state. */
  official: Candle | undefined;
  endedBar: Forming | undefined;
  /** When its last tick was committed, epoch milliseconds. */
  movedAt = 0;
  /** What is being read may have been stored too late for that reading. */
  again = false;

  constructor(interval: CandleInterval, live: Topic, ended: Topic) {
    this.bar = new Bar(interval);
    this.live = live;
    this.ended = ended;
  }
}

/** Everything that is streamed of one instrument, computed once for all who want it. */
export class InstrumentFeed {
  readonly tick: Topic;
  readonly depth: Topic;
  readonly stats: Topic;
  readonly bars = new Map<CandleInterval, BarFeed>();
  state: InstrumentState;
  /** Ticks that came while the database was being asked; undefined when it is not. */
  held: Held[] | undefined = [];
  loaded: Promise<void> | undefined;
  /** The last answer of `/api/stats`, serialised. */
  statistics: string | undefined;
  /** Who uses it beside the topics' subscribers. */
  retained = 0;
  #committedAt: number | undefined;

  constructor(
    readonly instrument: Instrument,
    private readonly origin: string,
    private readonly everyMs: number,
    private readonly events: FeedEvents,
  ) {
    this.state = new InstrumentState(instrument.token);
    this.tick = new Topic(() => this.#message('tick', () => JSON.stringify(this.#quote())), everyMs);
    this.depth = new Topic(() => this.#message('depth', () => JSON.stringify(this.#depth())), everyMs);
    this.stats = new Topic(() => this.#message('stats', () => this.statistics), everyMs);
  }

  get symbol(): string {
    return `${this.instrument.exchange}:${this.instrument.symbol}`;
  }

  /** Whether nobody wants anything of it now. */
  get isIdle(): boolean {
    const bars = [...this.bars.values()].flatMap(({ live, ended }) => [live, ended]);
    return this.retained === 0 && !this.#isWanted(this.tick, this.depth, this.stats, ...bars);
  }

  /** Forgets the bars that nobody wants. @returns whether nobody wants anything */
  dropIdle(): boolean {
    if (this.retained > 0) return false;
    for (const [interval, { live }] of this.bars) {
      if (live.subscribers.size === 0) this.bars.delete(interval);
    }
    return this.bars.size === 0 && !this.#isWanted(this.tick, this.depth, this.stats);
  }

  #isWanted(...topics: readonly Topic[]): boolean {
    return topics.some((topic) => topic.subscribers.size > 0);
  }

  barFeed(interval: CandleInterval): BarFeed {
    let feed = this.bars.get(interval);
    if (!feed) {
      const made: BarFeed = new BarFeed(
        interval,
        new Topic(
          () => this.#message('bar', () => this.#bar(interval, this.#liveCandle(made))),
          this.everyMs,
        ),
        new Topic(
          () => this.#message('bar', () => this.#bar(interval, made.endedBar && candleOf(made.endedBar))),
          this.everyMs,
        ),
      );
      feed = made;
      this.bars.set(interval, feed);
    }
    return feed;
  }

  /** Takes a committed tick, with its book when that is another one than before. */
  apply(tick: CommittedTick, book: Buffer | undefined, batch: number, committedAt: number): void {
    this.#committedAt = committedAt;
    if (this.held) this.held.push({ batch, tick, book });
    else this.#take(tick, book);
    for (const [interval, feed] of this.bars) {
      if (feed.held) feed.held.push({ batch, tick, book });
      // The database may show a flush before the writer tells us of it.
      if (interval !== '1d' && batch > feed.asOf) this.#takeBar(feed, tick);
    }
  }

  /** Goes on from what is stored. */
  restore(stored: AsOf<InstrumentState> | undefined): void {
    const held = this.held ?? [];
    this.held = undefined;
    if (stored) this.state = stored.value;
    for (const { batch, tick, book } of held) {
      if (!stored || batch > stored.batch) this.state.apply(tick, book);
    }
    this.events.changed(this.tick);
    this.events.changed(this.depth);
    const day = this.bars.get('1d');
    if (day) this.events.changed(day.live);
  }

  restoreBars(feed: BarFeed, stored: AsOf<readonly StoredBar[]> | undefined): void {
    const held = feed.held ?? [];
    feed.held = undefined;
    const { interval } = feed.bar;
    feed.asOf = stored?.batch ?? 0;
    if (interval === '1d') {
      feed.official = stored?.value.find((candle) => candle.source === 'broker');
    } else {
      feed.bar.load(stored?.value ?? []);
      for (const { batch, tick } of held) {
        if (batch > feed.asOf) this.#takeBar(feed, tick);
      }
      const { current } = feed.bar;
      if (current && !current.complete) this.events.judge(this, interval, current.bucket);
    }
    this.events.changed(feed.live);
  }

  /** The database's word about a bucket. */
  settle(feed: BarFeed, stored: StoredBar): void {
    const { bar } = feed;
    if (bar.interval === '1d') {
      if (stored.source !== 'broker') return;
      feed.official = stored;
      this.events.changed(feed.live);
      return;
    }
    const kept = bar.at(stored.time);
    // Ticks came since it was read: they begin another look.
    if (kept && kept.trades !== null && stored.trades !== null && stored.trades < kept.trades) return;
    const judged = kept ? { ...formingOf(stored), ...timesOf(kept) } : formingOf(stored);
    const last = feed.endedBar?.bucket === stored.time ? feed.endedBar : kept;
    const isNews = !last || !isSame(candleOf(last), candleOf(judged));
    if (bar.current?.bucket === stored.time) {
      bar.current = judged;
      if (isNews) this.events.changed(feed.live);
      return;
    }
    if (bar.previous?.bucket === stored.time) bar.previous = judged;
    if (!isNews || (feed.endedBar && feed.endedBar.bucket > stored.time)) return;
    feed.endedBar = judged;
    this.events.changed(feed.ended);
  }

  #take(tick: CommittedTick, book: Buffer | undefined): void {
    this.state.apply(tick, book);
    this.events.changed(this.tick);
    if (book) this.events.changed(this.depth);
    const day = this.bars.get('1d');
    if (day) {
      day.movedAt = this.#committedAt ?? 0;
      this.events.changed(day.live);
    }
  }

  #takeBar(feed: BarFeed, tick: CommittedTick): void {
    const { moved, began, ended, doubtful } = feed.bar.apply(tick);
    const { interval } = feed.bar;
    if (ended && exists(ended)) {
      feed.endedBar = ended;
      this.events.changed(feed.ended);
    }
    for (const bucket of [began, doubtful]) {
      if (bucket !== undefined) this.events.judge(this, interval, bucket);
    }
    if (!moved) return;
    feed.movedAt = this.#committedAt ?? 0;
    if (moved === feed.bar.current) this.events.changed(feed.live);
    else {
      moved.complete = false;
      feed.endedBar = moved;
      this.events.changed(feed.ended);
      this.events.judge(this, interval, moved.bucket);
    }
  }

  #message(type: string, data: () => string | undefined): string | undefined {
    const text = data();
    if (text === undefined) return undefined;
    const at = this.#committedAt === undefined ? 'null' : `"${iso(this.#committedAt)}"`;
    const { token } = this.instrument;
    return `{"type":"${type}","symbol":${JSON.stringify(this.symbol)},"token":${token},"committedAt":${at},"data":${text}}`;
  }

  #quote() {
    return quoteItem(this.instrument, this.state.quote(), this.events.restQuote(this.instrument.token));
  }

  #depth() {
    const book = this.state.book && unpackBook(this.state.book, this.instrument.token);
    return {
      instrument: instrumentKey(this.instrument),
      origin: this.origin,
      time: isoOrNull(book?.time ?? null),
      bids: book?.bids ?? [],
      asks: book?.asks ?? [],
    };
  }

  #bar(interval: CandleInterval, candle: Candle | undefined): string | undefined {
    if (!candle) return undefined;
    return JSON.stringify({
      time: iso(candle.time),
      open: candle.open,
      high: candle.high,
      low: candle.low,
      close: candle.close,
      volume: candle.volume,
      openInterest: candle.openInterest,
      trades: candle.trades,
      vwap: candle.vwap,
      source: candle.source,
      complete: candle.complete,
      interval,
    });
  }

  #liveCandle(feed: BarFeed): Candle | undefined {
    if (feed.bar.interval === '1d') return this.#day(feed);
    const { current, previous } = feed.bar;
    if (current && exists(current)) return candleOf(current);
    return previous && candleOf(previous);
  }

  /** As the view candles_1d makes it: the broker's row, else the day's state, which is never complete (rule 7). */
  #day(feed: BarFeed): Candle | undefined {
    const { day } = this.state;
    const time = day && istMidnight(dayNumberToDate(day.day));
    if (feed.official && (time === undefined || feed.official.time >= time)) return feed.official;
    if (!day || time === undefined) return undefined;
    return {
      time,
      open: day.open ?? day.last,
      high: Math.max(day.high ?? day.last, day.last),
      low: Math.min(day.low ?? day.last, day.last),
      close: day.last,
      volume: day.volume,
      openInterest: day.openInterest,
      trades: day.trades,
      vwap: day.averagePrice,
      source: 'ticks',
      complete: false,
    };
  }
}

function timesOf({ closedAt, interestAt, openedAt }: Forming) {
  return { closedAt, interestAt, openedAt };
}

function isSame(a: Candle, b: Candle): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
