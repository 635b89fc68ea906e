import type { Logger } from 'pino';
import type { Broker, BrokerCandle, CandleInterval } from '../broker/broker.js';
import type { CandleService } from '../candles/candle-service.js';
import type { Healed } from '../candles/healer.js';
import { judgeHistory } from '../candles/history-answer.js';
import type { StoredHistory } from '../candles/history-store.js';
import type { Span } from '../candles/span.js';
import { CONTINUOUS_SESSIONS } from '../candles/sql/hours.js';
import { type SqlClock, timestamp } from '../candles/sql-clock.js';
import type { Clock } from '../clock.js';
import type { InstrumentType } from '../instruments/instrument.js';
import type { Calendar } from '../sessions/calendar.js';
import { addDays, DAY_MS, type IstDate, istDate, istMidnight } from '../sessions/ist.js';
import { type DayPrices, type ScaleChange, scaleChange } from './corporate-action.js';
import { asTraded, type CorporateActions } from './scale.js';
import { FORGET_ACTION, FORGET_BROKER_CANDLES, KNOWN_DAYS, RECORD_ACTION } from './sql/instrument-day.js';

export interface DayCandlesParts {
  readonly sql: SqlClock;
  /** Whose history comes as traded, by `actions`. */
  readonly broker: Pick<Broker, 'candles'>;
  readonly candles: Pick<CandleService, 'healRange' | 'newLane'>;
  readonly calendar: Calendar;
  readonly actions: CorporateActions;
  readonly clock: Clock;
  readonly log: Logger;
  readonly priority: number;
}

/** What a day candle is asked of. */
export interface DayCandleTarget {
  readonly token: number;
  readonly exchange: string;
  readonly symbol: string;
  readonly instrumentType: InstrumentType;
  /** Rupees. */
  readonly tickSize: number;
  readonly brokerToken: number | null;
}

export interface OfficialDay {
  /** To be stored; undefined when the broker's candle cannot be true or there is none. */
  readonly history: StoredHistory | undefined;
  readonly candle: BrokerCandle | undefined;
  /** A change of scale that was found and is recorded by now. */
  readonly change: ScaleChange | undefined;
}

/** Calendar days before a day of which day candles are asked for again with it: a week has one trading day at least. */
const DAYS_BEFORE = 10;
/** Two factors that take each other back. */
const NO_CHANGE = 0.002;

/**
 * The official day candle, fetched together with those of the week before: one that the broker tells otherwise by one
 * factor now is a corporate action. It is recorded at once, and broker rows that may be on the other scale are fetched
 * again, so that everything stored stays as traded.
 */
export class DayCandles {
  constructor(private readonly p: DayCandlesParts) {}

  /** @throws BrokerError */
  async fetch(target: DayCandleTarget, day: IstDate): Promise<OfficialDay> {
    const { broker, clock, priority } = this.p;
    const { token, brokerToken, instrumentType } = target;
    const from = istMidnight(addDays(day, -DAYS_BEFORE));
    const to = istMidnight(addDays(day, 1));
    const sessions = await this.#sessions(token, from, to);
    let rows = await broker.candles({ brokerToken: brokerToken!, interval: '1d', from, to, priority });
    const spans = [{ from: to - DAY_MS, to }];
    const week = judgeHistory({ interval: '1d', from, to, spans: [{ from, to }] }, rows, sessions).candles;
    const change = instrumentType === 'EQ' ? await this.#change(target, day, week) : undefined;
    if (change) {
      await this.#record(target, change);
      rows = asTraded(rows, [change]);
    }
    const { candles, covered, rejects } = judgeHistory({ interval: '1d', from, to, spans }, rows, sessions);
    const [candle] = candles;
    const history = candle && {
      token,
      interval: '1d' as const,
      candles,
      covered,
      rejects,
      instrumentType,
      fetchedAt: clock.now(),
    };
    return { history, candle, change };
  }

  async #change(
    target: DayCandleTarget,
    day: IstDate,
    told: readonly BrokerCandle[],
  ): Promise<ScaleChange | undefined> {
    const { sql, calendar } = this.p;
    const { rows } = await sql.read((db) =>
      db.query<DayPrices & { day: IstDate }>(KNOWN_DAYS, [target.token, addDays(day, -DAYS_BEFORE), day]),
    );
    const known = new Map(rows.map((row) => [row.day, row]));
    const opens = calendar.groups.flatMap(
      (group) => calendar.nextOpen(group, istMidnight(addDays(day, 1)) - 1)?.opensAt ?? [],
    );
    const next = opens.length > 0 ? istDate(Math.min(...opens)) : addDays(day, 1);
    return scaleChange(known, told, next, target.tickSize);
  }

  async #record({ token, exchange, symbol }: DayCandleTarget, change: ScaleChange): Promise<void> {
    const { sql, clock, log, actions, candles, priority } = this.p;
    const { exDate, priceFactor, volumeFactor } = change;
    const midnight = timestamp(istMidnight(exDate));
    const again = await sql.transaction(async (db) => {
      const values = [token, exDate, priceFactor, volumeFactor, timestamp(clock.now())];
      const { rows } = await db.query<{ priceFactor: number }>(RECORD_ACTION, values);
      if (Math.abs(rows[0]!.priceFactor - 1) < NO_CHANGE) await db.query(FORGET_ACTION, [token, exDate]);
      // Fetched on the ex-date or later, they may be on either scale.
      const gone = await db.query<Span & { interval: CandleInterval }>(FORGET_BROKER_CANDLES, [
        token,
        midnight,
        midnight,
      ]);
      return gone.rows;
    });
    await sql.read((db) => actions.load(db));
    log.warn(
      { instrument: `${exchange}:${symbol}`, exDate, priceFactor, volumeFactor, refetched: again.length },
      'a corporate action: the broker’s history has changed its scale',
    );
    const lane = candles.newLane();
    const refetched: Healed[] = await Promise.all(
      again.map(({ interval, from, to }) => candles.healRange({ token, interval, from, to, lane, priority })),
    );
    const failures = refetched.flatMap((healed) => healed.failures);
    if (failures.length > 0)
      log.warn(
        { token, first: failures[0] },
        'history of before an ex-date was not fetched again; it is a gap',
      );
  }

  async #sessions(token: number, from: number, to: number): Promise<Span[]> {
    const { rows } = await this.p.sql.read((db) =>
      db.query<Span>(CONTINUOUS_SESSIONS, [token, timestamp(from), timestamp(to)]),
    );
    return rows;
  }
}
