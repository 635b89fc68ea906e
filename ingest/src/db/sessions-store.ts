import type { Calendar } from '../sessions/calendar.js';
import { addDays, type IstDate, istDate } from '../sessions/ist.js';
import { type Database, inTransaction } from './database.js';

/** Keeps `market_sessions` and `market_holidays` equal to a calendar for the days that are needed. */
export interface SessionsStore {
  /** Makes sure that the IST days `from` to `to`, both inclusive, are there. Cheap when they are. */
  ensure(from: IstDate, to: IstDate): Promise<void>;
}

/** First day that Kite's history is asked for; earlier days come when somebody asks. */
const FIRST_DAY: IstDate = '2019-01-01';
/** A calendar without a closed day (the simulator's) has seven long days a week: fewer of them at first. */
const YEARS_WITHOUT_HOLIDAYS = 3;
const DAYS_AHEAD = 60;

/** Writes the usual span of `calendar` (years back to 60 days past its end or now) and returns the store for more. */
export async function openSessionsStore(
  db: Database,
  calendar: Calendar,
  now: number,
): Promise<SessionsStore> {
  const today = istDate(now);
  const back = calendar.closedDays.size > 0 ? FIRST_DAY : addDays(today, -366 * YEARS_WITHOUT_HOLIDAYS);
  const known = calendar.completeTo > today && calendar.closedDays.size > 0 ? calendar.completeTo : today;
  let first = [back, calendar.firstDay].sort().at(-1)!;
  let last = addDays(known, DAYS_AHEAD);
  await writeSessions(db, calendar, first, last);

  let queue: Promise<void> = Promise.resolve();
  return {
    ensure(from, to) {
      const work = queue.then(async () => {
        if (from < first) {
          await writeSessions(db, calendar, from, addDays(first, -1));
          first = from;
        }
        if (to > last) {
          await writeSessions(db, calendar, addDays(last, 1), to);
          last = to;
        }
      });
      queue = work.catch(() => undefined); // one failed extension does not fail the next
      return work;
    },
  };
}

/** Replaces the sessions and closed days of the IST days [from, to] by the calendar's, touching only what differs. */
export async function writeSessions(
  db: Database,
  calendar: Calendar,
  from: IstDate,
  to: IstDate,
): Promise<void> {
  const groups: string[] = [];
  const days: IstDate[] = [];
  const kinds: string[] = [];
  const opens: number[] = [];
  const closes: number[] = [];
  const known: boolean[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) {
    for (const group of calendar.groups) {
      for (const session of calendar.sessions(group, day)) {
        groups.push(group);
        days.push(day);
        kinds.push(session.kind);
        opens.push(session.opensAt / 1000);
        closes.push(session.closesAt / 1000);
        known.push(calendar.isKnown(day));
      }
    }
  }
  const closed = [...calendar.closedDays].filter(([day]) => day >= from && day <= to);

  await inTransaction(db.pool, async (client) => {
    await client.query('set local statement_timeout = 0');
    await client.query(WANTED, [groups, days, kinds, opens, closes, known]);
    // without an index and statistics the comparison becomes a loop in a loop: half a minute instead of half a second
    await client.query('create index on wanted (g, d, k, o)');
    await client.query('analyze wanted');
    await client.query(REMOVE_OTHERS, [calendar.exchange, from, to]);
    await client.query(ADD_WANTED, [calendar.exchange]);
    await client.query('analyze market_sessions');
    await client.query(REPLACE_HOLIDAYS, [
      calendar.exchange,
      from,
      to,
      closed.map(([day]) => day),
      closed.map(([, name]) => name ?? null),
    ]);
  });
}

const WANTED = `
  create temporary table wanted on commit drop as
  select g, d, k, to_timestamp(o) as o, to_timestamp(c) as c, known
  from unnest($1::text[], $2::date[], $3::text[], $4::float8[], $5::float8[], $6::boolean[]) as w(g, d, k, o, c, known)`;

const REMOVE_OTHERS = `
  delete from market_sessions s
  where s.exchange = $1 and s.day between $2::date and $3::date
    and not exists (select from wanted where g = s.session_group and d = s.day and k = s.kind and o = s.opens_at)`;

const ADD_WANTED = `
  insert into market_sessions as s (exchange, session_group, day, kind, opens_at, closes_at, known)
  select $1, g, d, k, o, c, known from wanted
  on conflict (exchange, session_group, day, kind, opens_at) do update
    set closes_at = excluded.closes_at, known = excluded.known
    where (s.closes_at, s.known) is distinct from (excluded.closes_at, excluded.known)`;

const REPLACE_HOLIDAYS = `
  with gone as (
    delete from market_holidays
    where exchange = $1 and day between $2::date and $3::date and day <> all ($4::date[])
  )
  insert into market_holidays (exchange, day, name)
  select $1, d, n from unnest($4::date[], $5::text[]) as w(d, n)
  on conflict (exchange, day) do update set name = excluded.name`;
