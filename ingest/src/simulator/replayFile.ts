import { CsvError, parse } from 'csv-parse/sync';

/** A minute of a replayed file. `time` in epoch milliseconds, prices in paise. */
export interface FileMinute {
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly oi: number;
}

export class ReplayFileInvalid extends Error {
  override name = 'ReplayFileInvalid';
}

const COLUMNS = ['date', 'open', 'high', 'low', 'close', 'volume'];
const MINUTE_MS = 60_000;
const MOST_PROBLEMS = 5;

/**
 * Reads `date,open,high,low,close,volume[,oi]`, one minute a line. A date without a zone is IST.
 * @throws ReplayFileInvalid naming the lines that cannot be replayed exactly.
 */
export function parseMinuteFile(text: string): FileMinute[] {
  const records = recordsOf(text);
  const [first] = records;
  if (!first) throw new ReplayFileInvalid('The file has no minutes.');
  const missing = COLUMNS.filter((column) => !(column in first));
  if (missing.length > 0) throw new ReplayFileInvalid(`The file lacks the columns ${missing.join(', ')}.`);
  const minutes = records.map(toMinute);
  const priced = minutes.some((minute) => minute.volume > 0);
  const problems = minutes.flatMap((minute, i) => {
    const problem = problemOf(minute, minutes[i - 1], priced);
    return problem ? [`line ${i + 2}: ${problem}`] : [];
  });
  if (problems.length > 0) {
    const more = problems.length > MOST_PROBLEMS ? `; and ${problems.length - MOST_PROBLEMS} more` : '';
    throw new ReplayFileInvalid(
      `The file cannot be replayed: ${problems.slice(0, MOST_PROBLEMS).join('; ')}${more}`,
    );
  }
  return minutes;
}

function recordsOf(text: string): Array<Record<string, string>> {
  try {
    return parse(text, {
      columns: (names: string[]) => names.map((n) => n.trim().toLowerCase()),
      trim: true,
      bom: true,
      skip_empty_lines: true,
    }) as Array<Record<string, string>>;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new ReplayFileInvalid(`The file is no table of minutes: ${error.message}.`, { cause: error });
  }
}

/**
 * The minutes in which something traded. Brokers fill a quiet minute with the last price and no volume; nothing was
 * sent then and there is no candle. A file without any volume is an index's: all of it is kept.
 */
export function tradedMinutes(minutes: readonly FileMinute[]): readonly FileMinute[] {
  const traded = minutes.filter(({ volume }) => volume > 0);
  return traded.length > 0 ? traded : minutes;
}

function toMinute(record: Record<string, string>): FileMinute {
  const paise = (column: string) => {
    const value = Number(record[column] || Number.NaN) * 100;
    return Math.abs(value - Math.round(value)) < 1e-4 ? Math.round(value) : Number.NaN;
  };
  return {
    time: parseDate(record['date'] ?? ''),
    open: paise('open'),
    high: paise('high'),
    low: paise('low'),
    close: paise('close'),
    volume: Number(record['volume'] || Number.NaN),
    oi: Number(record['oi'] || 0),
  };
}

function parseDate(text: string): number {
  const iso = text.replace(' ', 'T').replace(/([+-]\d{2})(\d{2})$/, '$1:$2');
  return Date.parse(/(Z|[+-]\d{2}:\d{2})$/.test(iso) ? iso : `${iso}+05:30`);
}

function problemOf(minute: FileMinute, before: FileMinute | undefined, traded: boolean): string | undefined {
  const { time, open, high, low, close, volume, oi } = minute;
  if (Number.isNaN(time) || time % MINUTE_MS !== 0) return 'the date is not a whole minute';
  if ([open, high, low, close].some((price) => !(price > 0)))
    return 'a price is not a positive amount of whole paise';
  if (high < Math.max(open, close) || low > Math.min(open, close))
    return 'open or close lies outside low and high';
  if (!Number.isSafeInteger(volume) || volume < 0 || !Number.isSafeInteger(oi) || oi < 0)
    return 'volume or oi is not a whole number';
  if (before && time <= before.time) return 'the minutes are not in order of time';
  const quiet = volume === 0 && high === low;
  if (traded && !quiet && volume < fewestTrades(minute))
    return `a volume of ${volume} cannot have shown open, high, low and close`;
  return undefined;
}

/** How many trades it takes at least to show a minute's four prices. */
export function fewestTrades({
  open,
  high,
  low,
  close,
}: Pick<FileMinute, 'open' | 'high' | 'low' | 'close'>): number {
  const extremes = Number(high > Math.max(open, close)) + Number(low < Math.min(open, close));
  return extremes + (open === close && extremes === 0 ? 1 : 2);
}
