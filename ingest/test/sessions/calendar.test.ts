import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Calendar, CalendarInvalid, type Session } from '../../src/sessions/calendar.js';
import { dateToDayNumber, dayNumberToDate, istDate, istMidnight } from '../../src/sessions/ist.js';

const readJson = (url: URL): unknown => JSON.parse(readFileSync(url, 'utf8'));
const bundled = new URL('../../calendar/nse.json', import.meta.url);
const published = new URL('../../../../shared/nse/calendar.json', import.meta.url);
const nse = Calendar.parse(readJson(bundled));

const clock = (ms: number) => new Date(ms + 19_800_000).toISOString().slice(11, 16);
const hours = (sessions: readonly Session[]) =>
  sessions.map((session) => `${session.kind} ${clock(session.opensAt)}-${clock(session.closesAt)}`);
const at = (text: string) => Date.parse(`${text}:00+05:30`);

describe('eras', () => {
  test.each([
    ['2026-07-31', 'cash_with_derivatives', '09:15-15:30'],
    ['2026-07-31', 'derivatives', '09:15-15:30'],
    ['2026-08-03', 'cash', '09:15-15:30'],
    ['2026-08-03', 'cash_with_derivatives', '09:15-15:15'],
    ['2026-08-03', 'derivatives', '09:15-15:40'],
    ['2026-12-04', 'derivatives', '09:15-15:40'],
    ['2026-12-07', 'cash_with_derivatives', '09:15-15:30'],
    ['2026-12-07', 'derivatives', '09:15-15:45'],
    ['2026-12-07', 'derivatives_expiring_index', '09:15-15:30'],
    ['2026-12-07', 'index', '09:15-15:30'],
  ])('on %s %s trades continuously %s', (day, group, expected) => {
    expect(hours(nse.continuous(group, day))).toEqual([`continuous ${expected}`]);
  });

  test('the auction is a session, but not a continuous one', () => {
    expect(hours(nse.sessions('cash_with_derivatives', '2026-08-03'))).toEqual([
      'preopen 09:00-09:08',
      'continuous 09:15-15:15',
      'closing_auction 15:15-15:35',
      'post_close 15:50-16:00',
    ]);
    expect(nse.isOpen('cash_with_derivatives', at('2026-08-03T15:20'))).toBe(false);
    expect(nse.sessionAt('cash_with_derivatives', at('2026-08-03T15:20'))?.kind).toBe('closing_auction');
  });

  test('a group that an era lacks keeps the hours of the one it stands for', () => {
    expect(nse.continuous('derivatives_expiring_index', '2026-11-24')).toEqual(
      nse.continuous('derivatives', '2026-11-24'),
    );
    expect(nse.continuous('derivatives_expiring_index', '2026-12-01')).not.toHaveLength(0);
  });

  test('before the first era nothing is known', () => {
    expect(nse.sessions('cash', '2010-10-15')).toEqual([]);
    expect(nse.sessions('cash', '2010-10-18')).not.toEqual([]);
  });

  test('an unknown group has no sessions', () => {
    expect(nse.sessions('bonds', '2026-11-20')).toEqual([]);
  });
});

describe('days', () => {
  test.each(['2026-11-21', '2026-11-22', '2026-11-24', '2026-12-25'])('%s is closed', (day) => {
    expect(nse.sessions('index', day)).toEqual([]);
  });

  test.each(['2024-01-20', '2025-02-01', '2026-02-01'])('%s, a weekend, trades as on any day', (day) => {
    expect(hours(nse.continuous('cash', day))).toEqual(['continuous 09:15-15:30']);
  });

  test('a drill has two parts', () => {
    expect(hours(nse.continuous('index', '2024-03-02'))).toEqual([
      'continuous 09:15-10:00',
      'continuous 11:30-12:30',
    ]);
  });

  test('Muhurat is an hour on a holiday, for every group', () => {
    for (const group of nse.groups) {
      expect(hours(nse.sessions(group, '2026-11-08'))).toEqual(['continuous 18:15-19:15']);
    }
  });

  test('an outage cuts a day in two and extends it', () => {
    expect(hours(nse.continuous('derivatives', '2021-02-24'))).toEqual([
      'continuous 09:15-11:40',
      'continuous 15:45-17:00',
    ]);
  });

  test('past its end the calendar judges by the usual week, and says that it guesses', () => {
    expect(nse.isKnown('2026-12-31')).toBe(true);
    expect(nse.isKnown('2027-01-01')).toBe(false);
    expect(hours(nse.continuous('derivatives', '2027-01-01'))).toEqual(['continuous 09:15-15:45']);
    expect(nse.continuous('derivatives', '2027-01-02')).toEqual([]);
  });
});

describe('instants', () => {
  test('a session holds its first moment and not its last', () => {
    expect(nse.isOpen('index', at('2026-11-20T09:15') - 1)).toBe(false);
    expect(nse.isOpen('index', at('2026-11-20T09:15'))).toBe(true);
    expect(nse.isOpen('index', at('2026-11-20T15:30') - 1)).toBe(true);
    expect(nse.isOpen('index', at('2026-11-20T15:30'))).toBe(false);
  });

  test('the next open skips weekends and holidays', () => {
    // Friday afternoon -> Monday; Monday evening -> Wednesday, as Tuesday 2026-11-24 is a holiday.
    expect(nse.nextOpen('index', at('2026-11-20T16:00'))?.opensAt).toBe(at('2026-11-23T09:15'));
    expect(nse.nextOpen('index', at('2026-11-23T16:00'))?.opensAt).toBe(at('2026-11-25T09:15'));
    expect(nse.nextOpen('bonds', at('2026-11-23T16:00'))).toBeUndefined();
  });

  test('sessions of any group and day are ordered, apart from each other and inside their IST day', () => {
    const day = fc
      .integer({ min: dateToDayNumber('2010-10-18'), max: dateToDayNumber('2028-12-31') })
      .map(dayNumberToDate);
    fc.assert(
      fc.property(day, fc.constantFrom(...nse.groups), (date, group) => {
        const sessions = nse.sessions(group, date);
        let end = istMidnight(date);
        for (const session of sessions) {
          expect(session.opensAt).toBeGreaterThanOrEqual(end);
          expect(session.closesAt).toBeGreaterThan(session.opensAt);
          expect(istDate(session.closesAt - 1)).toBe(date);
          end = session.closesAt;
        }
      }),
    );
  });
});

describe('the file', () => {
  test('what is announced is what was loaded', () => {
    expect(Calendar.parse(JSON.parse(JSON.stringify(nse))).toJSON()).toEqual(nse.toJSON());
  });

  test('24:00 is the end of the day', () => {
    const always = Calendar.parse({
      exchange: 'SIM',
      timezone: 'Asia/Kolkata',
      complete_to: '2100-01-01',
      weekdays: [0, 1, 2, 3, 4, 5, 6],
      eras: [{ from: '2000-01-01', to: null, groups: { index: [['continuous', '00:45', '24:00']] } }],
      closed: [],
      special: [],
    });
    const [session] = always.continuous('index', '2026-11-22');
    expect(session!.closesAt).toBe(istMidnight('2026-11-23'));
    expect(always.isOpen('index', istMidnight('2026-11-23') - 1)).toBe(true);
    expect(always.isOpen('index', istMidnight('2026-11-23'))).toBe(false);
  });

  test('a calendar that is none is refused with its problems', () => {
    const json = readJson(bundled) as { eras: unknown[]; timezone: string };
    expect(() => Calendar.parse({ ...json, timezone: 'UTC' })).toThrow(CalendarInvalid);
    expect(() => Calendar.parse({ ...json, eras: [] })).toThrow(/eras/);
    expect(() => Calendar.parse(null)).toThrow(CalendarInvalid);
  });

  test.skipIf(!existsSync(published))(
    'the bundled calendar is the published one (skipped without ../shared/nse)',
    () => {
      expect(readJson(bundled)).toEqual(readJson(published));
    },
  );
});
