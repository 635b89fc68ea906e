import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import { addDays, type IstDate, istDate, istMidnight, weekday } from './ist.js';

export type SessionKind = 'preopen' | 'continuous' | 'closing_auction' | 'post_close';

/** The hours that an instrument keeps: `cash`, `cash_with_derivatives`, `derivatives`, `index`, ... */
export type SessionGroup = string;

/** One trading session, `[opensAt, closesAt)` in epoch milliseconds. */
export interface Session {
  readonly kind: SessionKind;
  readonly opensAt: number;
  readonly closesAt: number;
}

const TimeOfDay = Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$|^24:00$' });
const Day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' });
const Kind = Type.Union([
  Type.Literal('preopen'),
  Type.Literal('continuous'),
  Type.Literal('closing_auction'),
  Type.Literal('post_close'),
]);
const DaySession = Type.Tuple([Kind, TimeOfDay, TimeOfDay]);

/** Sessions of an exchange as data: eras of regular hours, closed days and special days. Times of day are IST. */
export const CalendarFile = Type.Object({
  exchange: Type.String(),
  timezone: Type.Literal('Asia/Kolkata'),
  /** Last day whose closed days are known. */
  complete_to: Day,
  /** Days of the week with regular sessions, 0 = Sunday; Monday to Friday when left out. */
  weekdays: Type.Optional(Type.Array(Type.Integer({ minimum: 0, maximum: 6 }))),
  eras: Type.Array(
    Type.Object({
      from: Day,
      to: Type.Union([Day, Type.Null()]),
      source: Type.Optional(Type.String()),
      groups: Type.Record(Type.String(), Type.Array(DaySession)),
    }),
    { minItems: 1 },
  ),
  closed: Type.Array(Type.Object({ day: Day, name: Type.Optional(Type.String()) })),
  special: Type.Array(
    Type.Object({
      day: Day,
      kind: Type.String(),
      /** Left out on a day that keeps its era's regular hours, such as a Budget on a Sunday. */
      sessions: Type.Optional(Type.Array(DaySession)),
      note: Type.Optional(Type.String()),
    }),
  ),
  absent_group_uses: Type.Optional(Type.Record(Type.String(), Type.String())),
});
export type CalendarFile = Static<typeof CalendarFile>;

export class CalendarInvalid extends Error {
  override name = 'CalendarInvalid';
}

const MONDAY_TO_FRIDAY = [1, 2, 3, 4, 5];

/** Answers which sessions a group of instruments has on a day. Immutable. */
export class Calendar {
  readonly exchange: string;
  /** Last IST date whose closed days are known; later days are judged by the last era's weekdays. */
  readonly completeTo: IstDate;
  readonly firstDay: IstDate;
  /** Closed days, with the holiday's name where the source has one. */
  readonly closedDays: ReadonlyMap<IstDate, string | undefined>;
  readonly #file: CalendarFile;
  readonly #special: ReadonlyMap<IstDate, CalendarFile['special'][number]>;
  readonly #cache = new Map<string, readonly Session[]>();

  private constructor(file: CalendarFile) {
    this.#file = file;
    this.exchange = file.exchange;
    this.completeTo = file.complete_to;
    this.firstDay = file.eras[0]!.from;
    this.closedDays = new Map(file.closed.map(({ day, name }) => [day, name]));
    this.#special = new Map(file.special.map((special) => [special.day, special]));
  }

  /** @throws CalendarInvalid with every problem found in `json`. */
  static parse(json: unknown): Calendar {
    if (!Value.Check(CalendarFile, json)) {
      const problems = [...Value.Errors(CalendarFile, json)].map(
        (e) => `${e.instancePath || '/'} ${e.message}`,
      );
      throw new CalendarInvalid(`The calendar is not valid: ${problems.join('; ')}`);
    }
    return new Calendar(json);
  }

  /** The file this calendar was parsed from, as another process would load it. */
  toJSON(): CalendarFile {
    return this.#file;
  }

  /** Every group that any era names. */
  get groups(): SessionGroup[] {
    const named = this.#file.eras.flatMap((era) => Object.keys(era.groups));
    return [...new Set([...named, ...Object.keys(this.#file.absent_group_uses ?? {})])];
  }

  /** False past `completeTo`: holidays are not published yet, the answer is the last era's usual week. */
  isKnown(day: IstDate): boolean {
    return day <= this.completeTo;
  }

  /** Sessions of `group` on `day` in order of time; empty on a closed day, before the first era, or for an unknown group. */
  sessions(group: SessionGroup, day: IstDate): readonly Session[] {
    const key = `${group} ${day}`;
    let found = this.#cache.get(key);
    if (!found) {
      found = this.#sessionsOf(group, day);
      this.#cache.set(key, found);
    }
    return found;
  }

  /** Sessions of kind `continuous`: the only ones that candles and gaps know. */
  continuous(group: SessionGroup, day: IstDate): readonly Session[] {
    return this.sessions(group, day).filter((session) => session.kind === 'continuous');
  }

  /** The session of `group` that holds `ms` (epoch milliseconds), of any kind. */
  sessionAt(group: SessionGroup, ms: number): Session | undefined {
    return this.sessions(group, istDate(ms)).find((s) => ms >= s.opensAt && ms < s.closesAt);
  }

  isOpen(group: SessionGroup, ms: number): boolean {
    return this.sessionAt(group, ms)?.kind === 'continuous';
  }

  /** The next continuous session of `group` that opens after `ms`, within `days` days. */
  nextOpen(group: SessionGroup, ms: number, days = 15): Session | undefined {
    for (let day = istDate(ms), i = 0; i <= days; i++, day = addDays(day, 1)) {
      const next = this.continuous(group, day).find((s) => s.opensAt > ms);
      if (next) return next;
    }
    return undefined;
  }

  #sessionsOf(group: SessionGroup, day: IstDate): readonly Session[] {
    const special = this.#special.get(day);
    if (special?.sessions) return atDay(special.sessions, day);
    const regular =
      (this.#file.weekdays ?? MONDAY_TO_FRIDAY).includes(weekday(day)) && !this.closedDays.has(day);
    if (!regular && !special) return [];
    const era = this.#file.eras.find((e) => day >= e.from && (e.to === null || day <= e.to));
    if (!era) return [];
    const fallback = this.#file.absent_group_uses?.[group];
    return atDay(era.groups[group] ?? (fallback ? era.groups[fallback] : undefined) ?? [], day);
  }
}

function atDay(sessions: ReadonlyArray<readonly [SessionKind, string, string]>, day: IstDate): Session[] {
  const midnight = istMidnight(day);
  const at = (time: string) => midnight + (Number(time.slice(0, 2)) * 60 + Number(time.slice(3))) * 60_000;
  return sessions
    .map(([kind, opens, closes]) => ({ kind, opensAt: at(opens), closesAt: at(closes) }))
    .sort((a, b) => a.opensAt - b.opensAt);
}
