import type { Database } from '../db/database.js';
import type { SessionGroup } from '../sessions/calendar.js';
import { type IstDate, istDate } from '../sessions/ist.js';
import type { Instrument } from './instrument.js';
import { compareText, type InstrumentFilters, InstrumentSearch, type PriceOf } from './search.js';

interface GroupSpan {
  readonly group: SessionGroup;
  /** First IST date, inclusive; null: since ever. */
  readonly from: IstDate | null;
  /** First IST date after; null: until further notice. */
  readonly to: IstDate | null;
}

/** Every instrument that is or lately was to be had, in memory: lookups cost no query. Immutable; load again after a sync. */
export class InstrumentRegistry {
  readonly #byToken = new Map<number, Instrument>();
  readonly #byBrokerToken = new Map<number, Instrument>();
  readonly #brokerToken = new Map<number, number>();
  readonly #bySymbol = new Map<string, Instrument>();
  readonly #groups = new Map<number, GroupSpan[]>();
  readonly #search: InstrumentSearch;

  private constructor(
    instruments: readonly Instrument[],
    brokerTokens: ReadonlyArray<{ brokerToken: number; token: number }>,
    groups: ReadonlyArray<GroupSpan & { token: number }>,
  ) {
    for (const instrument of instruments) {
      this.#byToken.set(instrument.token, instrument);
      const key = `${instrument.exchange}:${instrument.symbol}`.toUpperCase();
      if (instrument.active || !this.#bySymbol.has(key)) this.#bySymbol.set(key, instrument);
    }
    for (const { brokerToken, token } of brokerTokens) {
      const instrument = this.#byToken.get(token);
      if (!instrument) continue;
      this.#byBrokerToken.set(brokerToken, instrument);
      this.#brokerToken.set(token, brokerToken);
    }
    for (const { token, ...span } of groups) {
      const spans = this.#groups.get(token);
      if (spans) spans.push(span);
      else this.#groups.set(token, [span]);
    }
    this.#search = new InstrumentSearch(instruments);
  }

  /** Reads what `syncInstruments` stored; `broker` names whose tokens `byBrokerToken` knows. */
  static async load(db: Database, broker: string): Promise<InstrumentRegistry> {
    const [instruments, brokerTokens, groups] = await Promise.all([
      db.pool.query<Instrument>(INSTRUMENTS),
      db.pool.query<{ brokerToken: number; token: number }>(
        `select broker_token as "brokerToken", token from broker_tokens where broker = $1 and upper_inf(valid)`,
        [broker],
      ),
      db.pool.query<GroupSpan & { token: number }>(
        `select token, session_group as "group", lower(days) as "from", upper(days) as "to" from instrument_groups`,
      ),
    ]);
    return new InstrumentRegistry(instruments.rows, brokerTokens.rows, groups.rows);
  }

  get size(): number {
    return this.#byToken.size;
  }

  all(): IterableIterator<Instrument> {
    return this.#byToken.values();
  }

  byToken(token: number): Instrument | undefined {
    return this.#byToken.get(token);
  }

  /** The instrument that a packet's token means now. */
  byBrokerToken(brokerToken: number): Instrument | undefined {
    return this.#byBrokerToken.get(brokerToken);
  }

  /** What the broker calls an instrument now; undefined when it no longer does. */
  brokerToken(token: number): number | undefined {
    return this.#brokerToken.get(token);
  }

  /** `NSE:INFY` (any case) or a token such as `256265`; an active contract wins over an expired one of the same symbol. */
  resolve(key: string): Instrument | undefined {
    const trimmed = key.trim();
    if (/^\d{1,16}$/.test(trimmed)) return this.#byToken.get(Number(trimmed));
    return this.#bySymbol.get(trimmed.toUpperCase());
  }

  /** Forgiving: every word of `text` must occur in symbol, name, underlying, expiry, strike or type. Best first. */
  search(text: string, filters: InstrumentFilters = {}, limit = 20, priceOf?: PriceOf): Instrument[] {
    return this.#search.find(text, filters, limit, priceOf);
  }

  /** Expiries of the active contracts of an underlying (`NIFTY`), nearest first. */
  expiries(underlying: string): IstDate[] {
    const wanted = underlying.toUpperCase();
    const found = new Set<IstDate>();
    for (const { active, expiry, underlying: name } of this.#byToken.values()) {
      if (active && expiry && name?.toUpperCase() === wanted) found.add(expiry);
    }
    return [...found].sort(compareText);
  }

  /** The hours that an instrument keeps on an IST date; undefined where none are known (other exchanges). */
  sessionGroup(token: number, day: IstDate): SessionGroup | undefined {
    const span = this.#groups
      .get(token)
      ?.find(({ from, to }) => (from === null || day >= from) && (to === null || day < to));
    return span?.group;
  }

  /** As `sessionGroup`, for an instant in epoch milliseconds. */
  sessionGroupAt(token: number, ms: number): SessionGroup | undefined {
    return this.sessionGroup(token, istDate(ms));
  }
}

/** Expired contracts stay in memory for a quarter, later they are still in the database. */
const INSTRUMENTS = `
  select token, symbol, exchange, segment, name, instrument_type as "instrumentType", expiry, strike,
         option_type as "optionType", lot_size as "lotSize", tick_size as "tickSize", underlying,
         underlying_token as "underlyingToken", active
  from instruments
  where active or last_seen > now() - interval '90 days'
  order by token`;
