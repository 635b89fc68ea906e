import type { Instrument } from '../../../instruments/instrument.js';
import { VIX_DEFAULTS } from '../../../vix/settings.js';
import type { ApiContext } from '../../context.js';
import { gaps } from '../../sql/coverage.js';
import { feedHoles, regimeChanges, sessions, vixSpikes } from '../../sql/events.js';
import { repairs } from '../../sql/repairs.js';
import { iso } from '../../times.js';

export type EventKind = 'hole' | 'repair' | 'regime' | 'vix_spike' | 'session';
export const EVENT_KINDS: readonly EventKind[] = ['hole', 'repair', 'regime', 'vix_spike', 'session'];

export interface MarketEvent {
  /** Epoch milliseconds. */
  readonly time: number;
  /** Null for an instant, and for what still lasts. */
  readonly timeEnd: number | null;
  readonly kind: EventKind;
  readonly title: string;
  readonly text: string;
  /** `NSE:INFY`; null when it is about the whole market. */
  readonly instrument: string | null;
}

interface Asked {
  readonly from: number;
  readonly to: number;
  readonly instrument: Instrument | undefined;
  /** Most of each kind: the newest. */
  readonly limit: number;
}

type Source = (context: ApiContext, asked: Asked) => Promise<MarketEvent[]>;

/** What a person need not see: a reconnect that took less than the seconds it takes to settle. */
const LEAST_HOLE_MS = 1_000;

export const sources: Readonly<Record<EventKind, Source>> = {
  hole: (context, asked) =>
    asked.instrument ? instrumentHoles(context, asked, asked.instrument) : holesOfFeeds(context, asked),
  repair: async ({ run, instruments }, asked) => {
    const rows = await repairs(run, asked.instrument ? [asked.instrument.token] : null, asked, asked.limit);
    const named = await Promise.all(
      rows.map(({ token }) => (token === null ? undefined : instruments.find(String(token)))),
    );
    return rows
      .filter(({ status }) => status === 'RECOVERED' || status === 'FAILED' || status === 'UNRECOVERABLE')
      .map((row, i) => {
        const instrument = named[i] ? key(named[i]) : null;
        const whose =
          instrument ?? (row.instruments === 1 ? '1 instrument' : `${row.instruments} instruments`);
        return {
          time: row.from,
          timeEnd: row.to,
          kind: 'repair',
          title: `${row.status === 'RECOVERED' ? 'Repaired' : 'Repair failed'}: ${whose}`,
          text: [
            `${row.cause}${row.to === null ? '' : `, ${duration(row.to - row.from)}`}.`,
            row.recoveredAt === null ? '' : ` Recovered at ${iso(row.recoveredAt)}`,
            row.recoveredAt !== null && row.source !== null ? ` from ${row.source}.` : '',
            row.attempts > 0 ? ` Attempts: ${row.attempts}.` : '',
          ].join(''),
          instrument,
        };
      });
  },
  regime: async ({ run }, asked) =>
    (await regimeChanges(run, asked, asked.limit)).map(({ time, value, regime, previous }) => ({
      time,
      timeEnd: null,
      kind: 'regime',
      title: `Volatility ${previous} → ${regime}`,
      text: `INDIA VIX at ${value.toFixed(2)}.`,
      instrument: 'NSE:INDIA VIX',
    })),
  vix_spike: async ({ run, services }, asked) =>
    (await vixSpikes(run, asked, (services.vix?.settings ?? VIX_DEFAULTS).spikePercent, asked.limit)).map(
      ({ from, to, percent, value }) => ({
        time: from,
        timeEnd: to,
        kind: 'vix_spike',
        title: `INDIA VIX ${percent > 0 ? '+' : ''}${percent.toFixed(1)} % in 5 minutes`,
        text: `To ${value.toFixed(2)}.`,
        instrument: 'NSE:INDIA VIX',
      }),
    ),
  session: async ({ run }, asked) => {
    const rows = await sessions(run, asked, asked.instrument?.token ?? null, asked.limit);
    const instrument = asked.instrument ? key(asked.instrument) : null;
    return rows
      .flatMap(({ opensAt, closesAt, groups }) => [
        { time: opensAt, title: 'Session opens', groups },
        { time: closesAt, title: 'Session closes', groups },
      ])
      .filter(({ time }) => time >= asked.from && time < asked.to)
      .map(({ time, title, groups: text }) => ({
        time,
        timeEnd: null,
        kind: 'session',
        title,
        text,
        instrument,
      }));
  },
};

async function instrumentHoles(
  { run }: ApiContext,
  asked: Asked,
  instrument: Instrument,
): Promise<MarketEvent[]> {
  const rows = await gaps(run, [instrument.token], asked, '1m', asked.limit);
  return rows.map(({ from, to, reason }) => ({
    time: from,
    timeEnd: to,
    kind: 'hole',
    title: `Hole: ${reason}`,
    text: `${key(instrument)} is not known for ${duration(to - from)}.`,
    instrument: key(instrument),
  }));
}

async function holesOfFeeds({ run, services }: ApiContext, asked: Asked): Promise<MarketEvent[]> {
  const rows = await feedHoles(run, asked, services.clock.now(), asked.limit);
  return rows
    .filter(({ from, to }) => to === null || to - from >= LEAST_HOLE_MS)
    .map(({ feed, from, to, cause }) => ({
      time: from,
      timeEnd: to,
      kind: 'hole',
      title: `Feed ${feed}: ${cause ?? 'not heard'}`,
      text: to === null ? 'Nothing has been heard since.' : `Nothing was heard for ${duration(to - from)}.`,
      instrument: null,
    }));
}

function key({ exchange, symbol }: Instrument): string {
  return `${exchange}:${symbol}`;
}

/** `45 s`, `3 min 20 s`, `2 h 5 min`. */
function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
