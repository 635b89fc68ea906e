import type { Logger } from 'pino';
import { type Broker, type BrokerCandle, BrokerError } from '../broker/broker.js';
import { INTERVAL_MS, roundOut } from '../candles/buckets.js';
import type { CandleService } from '../candles/candle-service.js';
import { contradictionOf } from '../candles/contradiction.js';
import type { HistoryFetch } from '../candles/heal-plan.js';
import { judgeHistory, type RejectedCandle } from '../candles/history-answer.js';
import type { StoredHistory } from '../candles/history-store.js';
import { priceBands } from '../candles/price-bands.js';
import { readSeries } from '../candles/series.js';
import { type Span, subtract, union } from '../candles/span.js';
import { type Queryable, type SqlClock, timestamp } from '../candles/sql-clock.js';
import type { Clock } from '../clock.js';
import type { InstrumentType } from '../instruments/instrument.js';
import type { Metrics } from '../metrics.js';
import { addDays, type IstDate, istMidnight } from '../sessions/ist.js';
import { type Anomaly, anomaliesOf } from './anomalies.js';
import {
  compareDay,
  type DayComparison,
  type DifferingMinute,
  gradeOf,
  type Quality,
  type RecordedMinute,
  type Shares,
  sharesOf,
} from './comparison.js';
import type { DayCandles } from './day-candles.js';
import { FORGET_ATTEMPT } from './sql/days.js';
import {
  COUNT_REPLACED,
  DAY_VOLUME,
  FOUND_BEFORE,
  KEEP_REPLACED,
  RECEIPT_SECONDS,
  REPLACED,
  STORE_QUALITY,
} from './sql/instrument-day.js';

/** An instrument whose day is compared. */
export interface DayTarget {
  readonly token: number;
  readonly exchange: string;
  readonly symbol: string;
  readonly instrumentType: InstrumentType;
  /** Rupees. */
  readonly tickSize: number;
  /** Null when the broker does not know it now. */
  readonly brokerToken: number | null;
  /** Its contract is over: the broker has no history of it. */
  readonly expired: boolean;
  /** Made so far in vain. */
  readonly attempts: number;
}

export interface QualitySettings {
  /** Share of the broker's volume by which a minute's may be off. */
  readonly volumeShare: number;
  /** A move of so much from one minute to the next, as a fraction, is flagged. */
  readonly jumpShare: number;
}

export interface InstrumentDayParts {
  readonly sql: SqlClock;
  readonly broker: Pick<Broker, 'candles'>;
  readonly candles: Pick<CandleService, 'store'>;
  readonly days: DayCandles;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'qualityCandles' | 'qualityCompared'>;
  readonly settings: QualitySettings;
  /** Of requests: below whoever waits for an answer. */
  readonly priority: number;
}

export interface ComparedDay extends Shares {
  readonly quality: Quality | undefined;
  readonly found: DayComparison;
  readonly flags: readonly Anomaly[];
}

/** More minutes than a day has. */
const MOST_MINUTES = 1_500;
/** Who the other side is, as in the gap ledger. */
const SOURCE = 'HISTORICAL_API';

/**
 * Compares one instrument's day with the broker's history and stores what comes of it in one transaction: minutes that
 * differ or were missing, with what was there before; minutes of gaps; the official day candle; the findings. So a
 * crash half-way leaves the day as it was, to be compared again.
 */
export class InstrumentDay {
  constructor(private readonly p: InstrumentDayParts) {}

  /** @throws BrokerError when there is no history to compare with. */
  async compare(target: DayTarget, day: IstDate): Promise<ComparedDay> {
    const { settings, clock } = this.p;
    const { token, instrumentType } = target;
    const range = { from: istMidnight(day), to: istMidnight(addDays(day, 1)) };
    // First: a change of scale that this finds concerns the minutes as well.
    const official = await this.p.days.fetch(target, day);
    const recorded = await this.#recorded(token, range);
    const { sessions, gaps, ours, replaced } = recorded;
    const answer = await this.#minutes(target, sessions, gaps);
    if (answer.minutes.length === 0 && ours.some(({ source }) => source === 'ticks')) {
      throw new BrokerError(
        'rejected',
        `The broker has no minute of ${day}, but the feed told of trades on that day.`,
      );
    }
    const found = compareDay(
      { sessions, gaps, ours, replaced, theirs: answer.minutes, refused: answer.refused },
      { tickSize: target.tickSize, volumeShare: settings.volumeShare },
    );
    const before = await this.#before(token, day, range);
    const gapMs = Math.max(found.gapMs, before.gapSeconds * 1_000);
    const shares = sharesOf({
      ...found,
      gapMs,
      differing: found.differing.length,
      missing: found.missing.length,
      extra: found.extra.length,
    });
    const quality = gradeOf(shares);
    const flags = anomaliesOf({
      instrumentType,
      found,
      ours,
      theirs: answer.minutes,
      refused: answer.rejects.length,
      dayVolume: {
        ours: instrumentType === 'INDEX' ? null : before.dayVolume,
        theirs: official.candle?.volume ?? null,
      },
      receiptSeconds: before.receiptSeconds,
      jumpShare: settings.jumpShare,
      volumeShare: settings.volumeShare,
    });
    if (!official.candle && answer.minutes.length > 0) {
      flags.push({ kind: 'no_day_candle', detail: 'The broker has minutes of the day and no day candle.' });
    }
    if (official.change) {
      const { exDate, priceFactor } = official.change;
      flags.push({
        kind: 'corporate_action',
        detail: `The broker's prices before ${exDate} are now times ${priceFactor}.`,
      });
    }
    const now = clock.now();
    const minutes = this.#toStore(target, answer, found, now);
    await this.p.candles.store([...(official.history ? [official.history] : []), minutes], async (db) => {
      await keepReplaced(db, token, found.toReplace, now);
      const { rows } = await db.query<{ n: number }>(COUNT_REPLACED, [token, ...bounds(range)]);
      await db.query(STORE_QUALITY, [
        token,
        day,
        shares.completeness,
        shares.accuracy,
        SOURCE,
        JSON.stringify(flags),
        quality ?? null,
        found.sessionMs / 1_000,
        gapMs / 1_000,
        found.compared,
        found.differing.length,
        found.missing.length,
        found.extra.length,
        rows[0]!.n,
        before.healed + answer.healed.length,
        official.candle !== undefined,
        timestamp(now),
      ]);
      await db.query(FORGET_ATTEMPT, [day, token]);
    });
    this.#count(found, quality);
    return { ...shares, quality, found, flags };
  }

  /** The day stays uncompared for ever: what is known of it is written down all the same. */
  async giveUp(target: DayTarget, day: IstDate, reason: string): Promise<void> {
    const { sql, clock, metrics } = this.p;
    const range = { from: istMidnight(day), to: istMidnight(addDays(day, 1)) };
    const { sessions, gaps, ours, replaced } = await this.#recorded(target.token, range);
    const tolerance = { tickSize: target.tickSize, volumeShare: 0 };
    const found = compareDay({ sessions, gaps, ours, replaced, theirs: [], refused: [range] }, tolerance);
    const { completeness } = sharesOf({ ...found, differing: 0, missing: 0, extra: 0 });
    const flags: Anomaly[] = [{ kind: 'not_compared', detail: reason }];
    await sql.transaction(async (db) => {
      await db.query(STORE_QUALITY, [
        target.token,
        day,
        completeness,
        null,
        null,
        JSON.stringify(flags),
        null,
        found.sessionMs / 1_000,
        found.gapMs / 1_000,
        ...[0, 0, 0, 0, 0, 0],
        false,
        timestamp(clock.now()),
      ]);
      await db.query(FORGET_ATTEMPT, [day, target.token]);
    });
    metrics.qualityCompared.inc({ quality: 'none' });
  }

  async #recorded(token: number, range: Span) {
    return this.p.sql.transaction(async (db) => {
      const { candles, gaps, sessions } = await readSeries(db, token, '1m', range, MOST_MINUTES);
      const earlier = await db.query<RecordedMinute & { open: number | null }>(REPLACED, [
        token,
        ...bounds(range),
      ]);
      const replaced = new Map(
        earlier.rows.map((minute) => [minute.time, minute.open === null ? undefined : minute]),
      );
      return { ours: candles as readonly RecordedMinute[], gaps, sessions, replaced };
    });
  }

  /** The broker's minutes, judged, and what of them closes gaps. */
  async #minutes(target: DayTarget, sessions: readonly Span[], gaps: readonly Span[]) {
    const { broker, sql, priority } = this.p;
    const { token, brokerToken, instrumentType } = target;
    const [first, last] = [sessions[0], sessions.at(-1)];
    if (!first || !last) return NO_MINUTES;
    const whole = roundOut('1m', { from: first.from, to: last.to });
    const rows = await broker.candles({ brokerToken: brokerToken!, interval: '1m', ...whole, priority });
    const bands = await priceBands(sql, token, instrumentType, '1m', whole);
    const judged = judgeHistory(fetchOf([whole]), rows, sessions, bands);
    const holes = union(gaps.map((gap) => roundOut('1m', gap)));
    if (holes.length === 0)
      return { ...NO_MINUTES, minutes: judged.candles, refused: judged.refused, rejects: judged.rejects };
    const healing = fetchOf(holes);
    const heals = judgeHistory(healing, rows, sessions, bands);
    const isIndex = instrumentType === 'INDEX';
    const contradiction = await contradictionOf(sql, { token, isIndex }, healing, heals, sessions);
    return {
      minutes: judged.candles,
      refused: judged.refused,
      rejects: judged.rejects,
      healed: heals.candles,
      covered: subtract(heals.covered, contradiction?.spans ?? []),
    };
  }

  async #before(token: number, day: IstDate, range: Span) {
    return this.p.sql.read(async (db) => {
      const found = await db.query<{ gapSeconds: number; healed: number }>(FOUND_BEFORE, [token, day]);
      const receipt = await db.query<{ seconds: number | null }>(RECEIPT_SECONDS, [token, ...bounds(range)]);
      const volume = await db.query<{ volume: number | null }>(DAY_VOLUME, [token, day]);
      return {
        gapSeconds: found.rows[0]?.gapSeconds ?? 0,
        healed: found.rows[0]?.healed ?? 0,
        receiptSeconds: receipt.rows[0]?.seconds ?? null,
        dayVolume: volume.rows[0]?.volume ?? null,
      };
    });
  }

  #toStore(target: DayTarget, answer: Answer, found: DayComparison, now: number): StoredHistory {
    const replacing = found.toReplace.map(({ theirs }) => theirs);
    return {
      token: target.token,
      interval: '1m',
      candles: [...answer.healed, ...replacing].sort((a, b) => a.time - b.time),
      covered: union([
        ...answer.covered,
        ...replacing.map(({ time }) => ({ from: time, to: time + INTERVAL_MS['1m'] })),
      ]),
      rejects: answer.rejects,
      instrumentType: target.instrumentType,
      fetchedAt: now,
    };
  }

  #count(found: DayComparison, quality: Quality | undefined): void {
    const { qualityCandles, qualityCompared } = this.p.metrics;
    qualityCandles.inc({ result: 'agree' }, found.compared - found.differing.length);
    qualityCandles.inc({ result: 'differ' }, found.differing.length);
    qualityCandles.inc({ result: 'missing' }, found.missing.length);
    qualityCandles.inc({ result: 'extra' }, found.extra.length);
    qualityCompared.inc({ quality: quality ?? 'none' });
  }
}

interface Answer {
  readonly minutes: readonly BrokerCandle[];
  readonly refused: readonly Span[];
  readonly rejects: readonly RejectedCandle[];
  /** Rows that lie in gaps, and the time that they or nothing settle. */
  readonly healed: readonly BrokerCandle[];
  readonly covered: readonly Span[];
}

const NO_MINUTES: Answer = { minutes: [], refused: [], rejects: [], healed: [], covered: [] };

function fetchOf(spans: readonly Span[]): HistoryFetch {
  return { interval: '1m', from: spans[0]!.from, to: spans.at(-1)!.to, spans };
}

const bounds = ({ from, to }: Span): [string, string] => [timestamp(from), timestamp(to)];

async function keepReplaced(
  db: Queryable,
  token: number,
  minutes: readonly DifferingMinute[],
  now: number,
): Promise<void> {
  if (minutes.length === 0) return;
  const ours = <T>(of: (minute: RecordedMinute) => T) => minutes.map((m) => (m.ours ? of(m.ours) : null));
  const theirs = (of: (candle: BrokerCandle) => number) => minutes.map((m) => of(m.theirs));
  await db.query(KEEP_REPLACED, [
    token,
    timestamp(now),
    minutes.map((m) => timestamp(m.theirs.time)),
    ours((m) => m.open),
    ours((m) => m.high),
    ours((m) => m.low),
    ours((m) => m.close),
    ours((m) => m.volume),
    ours((m) => m.openInterest),
    ours((m) => m.trades),
    ours((m) => m.vwap),
    ours((m) => m.source),
    theirs((c) => c.open),
    theirs((c) => c.high),
    theirs((c) => c.low),
    theirs((c) => c.close),
    theirs((c) => c.volume),
    minutes.map((m) => m.fields.join(',')),
  ]);
}
