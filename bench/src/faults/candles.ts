import type { SimulatedExchange } from '@tickscope/ingest/dist/src/simulator/exchange.js';
import type { Cluster } from './cluster.js';

const MINUTE_MS = 60_000;

/** A candle that is called complete and is not what was traded; `is` undefined: there should be one and is none. */
export interface WrongCandle {
  readonly token: number;
  /** Epoch milliseconds. */
  readonly bucket: number;
  readonly source: string | undefined;
  readonly is: string | undefined;
  readonly ought: string | undefined;
}

export interface CandleCheck {
  /** Complete candles, those that agree included. */
  readonly judged: ReadonlyArray<{ readonly bucket: number; readonly source: string }>;
  readonly incomplete: number;
  readonly wrong: readonly WrongCandle[];
}

interface Row {
  readonly token: number;
  readonly bucket: number;
  readonly complete: boolean;
  readonly source: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number | null;
}

interface Minute {
  readonly token: number;
  readonly bucket: number;
}

/** Holds every minute candle of `[from, to)` that is called complete against the exchange's own history. */
export async function checkMinutes(
  cluster: Cluster,
  exchange: SimulatedExchange,
  tokens: readonly number[],
  from: number,
  to: number,
): Promise<CandleCheck> {
  const [rows, silent] = await cluster.together<
    Row & Record<string, unknown>,
    Minute & Record<string, unknown>
  >(
    `select t.token::float8 as token, extract(epoch from c.bucket)::float8 * 1000 as bucket, c.complete, c.source,
            c.open, c.high, c.low, c.close, c.volume::float8 as volume
     from unnest($1::bigint[]) t (token) cross join lateral get_candles(t.token, $2, $3, '1m') c`,
    // A minute that lies in no gap and has no candle says that nothing was traded.
    `select t.token::float8 as token, extract(epoch from m)::float8 * 1000 as bucket
     from unnest($1::bigint[]) t (token)
     cross join lateral (select gap_spans(t.token, $2, $3, '1m') as gaps) g
     cross join generate_series($2::timestamptz, $3::timestamptz - interval '1 minute', interval '1 minute') m
     where m < now() - interval '64 seconds' and not g.gaps && tstzrange(m, m + interval '1 minute')`,
    [tokens, new Date(from), new Date(to)],
  );
  const judged: Array<{ bucket: number; source: string }> = [];
  const wrong: WrongCandle[] = [];
  const truth = new Map(tokens.map((token) => [token, truthOf(exchange, token, from, to)]));
  let incomplete = 0;
  const present = new Set<string>();
  for (const row of rows) {
    present.add(`${row.token} ${row.bucket}`);
    if (!row.complete) {
      incomplete++;
      continue;
    }
    judged.push({ bucket: row.bucket, source: row.source });
    const index = exchange.instrument(row.token)!.type === 'INDEX';
    const is = text([row.open, row.high, row.low, row.close], index ? null : row.volume);
    const ought = truth.get(row.token)!.get(row.bucket);
    if (is !== ought) wrong.push({ token: row.token, bucket: row.bucket, source: row.source, is, ought });
  }
  for (const { token, bucket } of silent) {
    const ought = truth.get(token)!.get(bucket);
    if (ought !== undefined && !present.has(`${token} ${bucket}`)) {
      wrong.push({ token, bucket, source: undefined, is: undefined, ought });
    }
  }
  return { judged, incomplete, wrong };
}

/** What the exchange traded, minute by minute, as text that can be compared. */
function truthOf(exchange: SimulatedExchange, token: number, from: number, to: number): Map<number, string> {
  const index = exchange.instrument(token)!.type === 'INDEX';
  return new Map(
    exchange.minuteCandles(token, from, to).map(({ time, open, high, low, close, volume }) => [
      time,
      text(
        [open, high, low, close].map((price) => price / 100),
        index ? null : volume,
      ),
    ]),
  );
}

function text(prices: readonly number[], volume: number | null): string {
  return `${prices.map((price) => price.toFixed(2)).join(' ')} ${volume ?? '-'}`;
}

/** Start of the minute of an instant. */
export function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS) * MINUTE_MS;
}
