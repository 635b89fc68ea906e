import type pg from 'pg';
import type { Logger } from 'pino';
import type { CandleAnswer, CandleQuery } from '../candles/candle.js';
import type { Clock } from '../clock.js';
import type { FallbackStatus, RestQuote } from '../feed/fallback.js';
import type { FeedMode } from '../feed/feed.js';
import type { Instrument } from '../instruments/instrument.js';
import type { InstrumentFilters } from '../instruments/search.js';
import type { InstrumentSync } from '../instruments/store.js';
import type { Metrics } from '../metrics.js';
import type { CorporateActions } from '../quality/scale.js';
import type { StreamLimits } from '../stream/limits.js';
import type { VixEngine } from '../vix/engine.js';
import type { Commit } from '../write/committer.js';

/** How the API is reached and who may use it. */
export interface ApiConfig {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** May do everything. */
  readonly token?: string | undefined;
  /** May read, and heal what it reads. */
  readonly readToken?: string | undefined;
  /** Web origins whose pages may read the API. */
  readonly corsOrigins: readonly string[];
  /** Requests a minute and address; 120,000 on loopback and 6,000 elsewhere when left out. */
  readonly rateLimitPerMinute?: number;
  /** Limits of `/api/stream` other than the usual ones. */
  readonly stream?: Partial<StreamLimits>;
}

/** The database as the API needs it: reading, and the two tables of subscriptions. */
export interface ApiDatabase {
  readonly pool: pg.Pool;
  readonly kind: 'timescale' | 'postgres';
}

/** Where candles come from: what is stored, healed from the broker where it has holes. */
export interface CandleSource {
  /** Rejects with `TooManyCandles` when the range can hold more than 50,000. */
  candles(query: CandleQuery): Promise<CandleAnswer>;
  /** Several at once, in the order asked. */
  candlesBatch(queries: readonly CandleQuery[]): Promise<CandleAnswer[]>;
}

/** Instruments held in memory, such as an `InstrumentRegistry`. */
export interface InstrumentDirectory {
  /** `NSE:INFY` in any case, or a token. Active ones win over expired ones of the same name. */
  resolve(key: string): Instrument | undefined;
  /** Active instruments whose words hold all of `text`'s, best first. */
  search(text: string, filters: InstrumentFilters, limit: number): readonly Instrument[];
}

export interface InstrumentSyncControl {
  /** Reads the broker's dump and stores what changed. Rejects with a `BrokerError` or `InstrumentDumpRefused`. */
  sync(): Promise<InstrumentSync>;
}

/** Applies to the feed what the API has already stored in `subscriptions`. */
export interface SubscriptionControl {
  /** Most instruments that the connections can carry. */
  readonly capacity: number;
  /** What the connections carry now, also what the configuration names. */
  current(): ReadonlyArray<{ token: number; mode: FeedMode }>;
  subscribe(tokens: readonly number[], mode: FeedMode): Promise<void>;
  unsubscribe(tokens: readonly number[]): Promise<void>;
}

export interface SessionControl {
  /** Takes a new broker token. Rejects with a `BrokerError` when the broker refuses it. */
  login(credential: { requestToken: string } | { accessToken: string }): Promise<{
    userId: string;
    /** Epoch milliseconds; null when unknown. */
    expiresAt: number | null;
  }>;
}

/** Repairs of the gap ledger by hand. */
export interface RepairControl {
  /** Tries a row again at once. */
  retry(id: number): Promise<{ readonly instruments: number }>;
}

/** The end-of-day comparison by hand. */
export interface QualityControl {
  /** An IST day is compared again, all of it, as soon as its sessions are over. */
  ask(day: string): Promise<void>;
}

/** One connection slot. Times are epoch milliseconds, null before the first. */
export interface FeedStatus {
  readonly feed: string;
  readonly connected: boolean;
  readonly instruments: number;
  readonly reconnects: number;
  readonly lastTickAt: number | null;
  /** What is wrong, in a sentence; null when nothing is. */
  readonly problem: string | null;
  /** When it connects again; null while it is connected or waits for something else. */
  readonly nextAttemptAt?: number | null;
}

/** The broker's access token. */
export interface TokenStatus {
  /** Epoch milliseconds; null when it does not expire or is not known. */
  readonly expiresAt: number | null;
  /** False when a login is needed now. */
  readonly valid: boolean;
  /** Whether it still lives when the market opens next. */
  readonly validAtNextOpen: boolean;
  /** What to do, in a sentence; null when nothing is. */
  readonly message: string | null;
}

/** An instrument of which nothing is heard on a connection that ticks. */
export interface SilentInstrument {
  readonly token: number;
  readonly feed: string;
  readonly silentMs: number;
  /** Mean between two of its packets; null while it is not known. */
  readonly usualMs: number | null;
}

/** What is known of the feed beyond its connections. */
export interface FeedHealth {
  /** Silent beyond their own usual rhythm. */
  stale(): readonly SilentInstrument[];
  /** Subscribed, and never answered on the present connection. */
  unanswered(): readonly SilentInstrument[];
  /** Packets that came out of order or after their minute was settled, and repeated ones; since the start. */
  counts(): { readonly late: number; readonly duplicates: number; readonly dropped: number };
  token(): TokenStatus;
}

/** What a first start fetches in the background. */
export interface Seeding {
  readonly done: number;
  readonly total: number;
  /** What is being fetched, for people: `400 days of NSE:INFY`. */
  readonly label: string;
}

/** What the pipeline commits. */
export interface CommitSource {
  /** Called after every commit. Returns what undoes it. */
  onCommit(listener: (commit: Commit) => void): () => void;
}

/** What is fetched from the broker. */
export interface HistorySource {
  /** Called with our token after candles of it were stored. Returns what undoes it. */
  onStored(listener: (token: number) => void): () => void;
}

/** Remembers which instruments somebody looks at. */
export interface InterestSink {
  looked(token: number): void;
  /** Adds whoever knows of lasting interest. */
  watch(tokens: () => Iterable<number>): void;
}

/** Quotes by REST while a connection is away. */
export interface FallbackSource {
  /** Undefined while the instrument's connection is open, or nothing was asked for it. */
  quote(token: number): RestQuote | undefined;
  /** Called with our tokens whose quote is another one, or is there no more. Returns what undoes it. */
  onQuotes(listener: (tokens: readonly number[]) => void): () => void;
  status(): FallbackStatus;
}

/** Everything that the API asks of the rest. Each may be a fake in a test. */
export interface ApiServices {
  /** `live`, `simulator:<seed>` or `replay`. */
  readonly origin: string;
  readonly version: string;
  readonly broker: string;
  readonly db: ApiDatabase;
  readonly candles: CandleSource;
  /** What it does not know (or without it, everything) is looked up in the database, with a small cache. */
  readonly instruments?: InstrumentDirectory;
  /** Without it nothing moves on `/api/stream`. */
  readonly commits?: CommitSource;
  readonly history?: HistorySource;
  readonly instrumentSync: InstrumentSyncControl;
  readonly subscriptions: SubscriptionControl;
  readonly session: SessionControl;
  /** The volatility engine; without it what is stored is served. */
  readonly vix?: Pick<VixEngine, 'settings' | 'onPush' | 'latest' | 'catchUp'>;
  readonly repairs: RepairControl;
  /** Without it days are not compared. */
  readonly quality?: QualityControl;
  /** By what candles of before a split are scaled; without it as traded. */
  readonly corporateActions?: Pick<CorporateActions, 'of'>;
  feeds(): readonly FeedStatus[];
  readonly feedHealth?: FeedHealth;
  readonly fallback?: FallbackSource;
  readonly interest?: InterestSink;
  /** True while any instrument group is in continuous session. */
  marketOpen(): boolean;
  /** Null when nothing is being seeded. */
  seeding(): Seeding | null;
  /** Sentences about the whole pipeline that people should see: token expiry, calendar end, disk. */
  warnings(): readonly string[];
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
}
