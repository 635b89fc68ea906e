import { attachFields } from './attach-fields';
import type { Bar, CandleSeries, Gap } from './bar';
import { asNumber, asTime, column, type FieldLike, type FrameLike } from './frame';
import { intervalOf } from './interval';
import { type OhlcFields, ohlcFields } from './ohlc-fields';

/** A frame read: its candles, and the fields whose units and decimals print them. */
export interface ReadFrame {
  series: CandleSeries;
  fields: OhlcFields;
}

/** Reads each frame that has open, high, low and close; numbers of the others go beside the first one's candles. */
export function readFrames(frames: readonly FrameLike[]): ReadFrame[] {
  const read = frames.flatMap((frame) => {
    const fields = ohlcFields(frame);
    return fields ? splitByInstrument(frame, fields) : [];
  });
  const seen = new Map<string, number>();
  const keyed = read.map(({ series, fields }) => {
    const times = seen.get(series.key) ?? 0;
    seen.set(series.key, times + 1);
    return { fields, series: times ? { ...series, key: `${series.key}#${times}` } : series };
  });
  return attachFields(keyed, frames);
}

/** A long frame names the instrument in a text column: one series each. A wide one is one series. */
function splitByInstrument(frame: FrameLike, fields: OhlcFields): ReadFrame[] {
  const label = instrumentColumn(frame, fields);
  if (!label) return [{ fields, series: readSeries(frame, fields, rowsOf(frame)) }];
  const name = column(label);
  const groups = new Map<string, number[]>();
  for (const row of rowsOf(frame)) {
    const key = String(name(row) ?? '');
    const rows = groups.get(key);
    if (rows) rows.push(row);
    else groups.set(key, [row]);
  }
  return [...groups].map(([key, rows]) => ({ fields, series: readSeries(frame, fields, rows, key) }));
}

const rowsOf = (frame: FrameLike) => Array.from({ length: frame.length }, (_, row) => row);

/** A text column that tells rows of the same time apart. */
function instrumentColumn(frame: FrameLike, fields: OhlcFields): FieldLike | undefined {
  const texts = frame.fields.filter(
    (field) => field.type === 'string' && field !== fields.source && field !== fields.time,
  );
  if (texts.length === 0 || frame.length < 2) return undefined;
  const time = column(fields.time);
  return texts.find((field) => {
    const value = column(field);
    const first = new Map<number, unknown>();
    for (let row = 0; row < frame.length; row++) {
      const at = asTime(time(row));
      if (at === null) continue;
      if (!first.has(at)) first.set(at, value(row));
      else if (first.get(at) !== value(row)) return true;
    }
    return false;
  });
}

function readSeries(
  frame: FrameLike,
  fields: OhlcFields,
  rows: readonly number[],
  label?: string,
): CandleSeries {
  const facts = tickscopeFacts(frame);
  const bars = readBars(fields, rows);
  const instrument = label ?? facts.instrument ?? fields.close.labels?.['instrument'];
  const name = label ?? frame.name ?? facts.instrument ?? instrument ?? frame.refId ?? 'Candles';
  return {
    key: `${frame.refId ?? ''}|${instrument ?? frame.name ?? ''}`,
    name,
    intervalMs: intervalOf(facts.interval, bars),
    bars,
    gaps: facts.gaps,
    extras: fields.extras.map((field) => field.name),
    ...(facts.origin ? { origin: facts.origin } : {}),
    honest: facts.present,
  };
}

/** Bars of the given rows, oldest first; of rows with the same time the last one wins, as streams append. */
function readBars(fields: OhlcFields, rows: readonly number[]): Bar[] {
  const time = column(fields.time);
  const number = (field: FieldLike | undefined) => {
    const read = column(field);
    return (row: number) => asNumber(read(row));
  };
  const [open, high, low, close] = [fields.open, fields.high, fields.low, fields.close].map(number) as [
    (row: number) => number | null,
    (row: number) => number | null,
    (row: number) => number | null,
    (row: number) => number | null,
  ];
  const volume = number(fields.volume);
  const openInterest = number(fields.openInterest);
  const vwap = number(fields.vwap);
  const source = column(fields.source);
  const complete = column(fields.complete);
  const extras = fields.extras.map(number);
  const byTime = new Map<number, Bar>();
  let newest = Number.NEGATIVE_INFINITY;
  let sorted = true;
  for (const row of rows) {
    const at = asTime(time(row));
    const [o, h, l, c] = [open(row), high(row), low(row), close(row)];
    if (at === null || o === null || h === null || l === null || c === null) continue;
    const said = complete(row);
    const from = source(row);
    if (at < newest) sorted = false;
    else newest = at;
    byTime.set(at, {
      time: at,
      open: o,
      high: h,
      low: l,
      close: c,
      volume: volume(row),
      openInterest: openInterest(row),
      vwap: vwap(row),
      source: typeof from === 'string' && from !== '' ? from : null,
      complete:
        said === true || said === 'true' || said === 1
          ? true
          : said === null || said === undefined
            ? null
            : false,
      extras: extras.map((read) => read(row)),
    });
  }
  const bars = [...byTime.values()];
  return sorted ? bars : bars.sort((a, b) => a.time - b.time);
}

interface Facts {
  present: boolean;
  instrument?: string;
  interval?: string;
  origin?: string;
  gaps: Gap[];
}

/** `meta.custom.tickscope`: what our data source tells about a frame beside its rows. */
function tickscopeFacts(frame: FrameLike): Facts {
  const custom = frame.meta?.custom?.['tickscope'];
  if (typeof custom !== 'object' || custom === null) return { present: false, gaps: [] };
  const facts = custom as Record<string, unknown>;
  const text = (name: string) => (typeof facts[name] === 'string' ? (facts[name] as string) : undefined);
  const instrument = text('instrument');
  const interval = text('interval');
  const origin = text('origin');
  return {
    present: true,
    ...(instrument ? { instrument } : {}),
    ...(interval ? { interval } : {}),
    ...(origin ? { origin } : {}),
    gaps: Array.isArray(facts['gaps']) ? facts['gaps'].flatMap(readGap) : [],
  };
}

function readGap(value: unknown): Gap[] {
  if (typeof value !== 'object' || value === null) return [];
  const gap = value as Record<string, unknown>;
  const [from, to] = [asTime(gap['from']), asTime(gap['to'])];
  if (from === null || to === null || to <= from) return [];
  return [{ from, to, reason: typeof gap['reason'] === 'string' ? gap['reason'] : 'unknown' }];
}
