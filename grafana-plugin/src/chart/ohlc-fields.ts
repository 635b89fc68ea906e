import { asTime, column, type FieldLike, type FrameLike } from './frame';

/** The fields of a frame by the part that they play in a candle. */
export interface OhlcFields {
  time: FieldLike;
  open: FieldLike;
  high: FieldLike;
  low: FieldLike;
  close: FieldLike;
  volume?: FieldLike;
  openInterest?: FieldLike;
  vwap?: FieldLike;
  source?: FieldLike;
  complete?: FieldLike;
  extras: FieldLike[];
}

/** What people call a field; compared without case, blanks and underscores. */
const NAMES = {
  open: ['open', 'o', 'openprice'],
  high: ['high', 'h', 'highprice'],
  low: ['low', 'l', 'lowprice'],
  close: ['close', 'c', 'closeprice', 'last'],
  volume: ['volume', 'vol', 'v'],
  openInterest: ['openinterest', 'oi'],
  vwap: ['vwap'],
  source: ['source'],
  complete: ['complete'],
} as const;
const TIME_NAMES = ['time', 'timestamp', 'datetime', 'date', 'bucket', 't'];

const plain = (name: string) => name.toLowerCase().replace(/[\s_.-]/g, '');

/** Every name a field goes by: its own, and the one that somebody gave it. */
function namesOf(field: FieldLike): string[] {
  return [field.name, field.config?.displayName, field.config?.displayNameFromDS]
    .filter((name): name is string => Boolean(name))
    .map(plain);
}

function called(fields: readonly FieldLike[], names: readonly string[]): FieldLike | undefined {
  for (const name of names) {
    const found = fields.find((field) => namesOf(field).includes(name));
    if (found) return found;
  }
  return undefined;
}

function timeField(frame: FrameLike): FieldLike | undefined {
  const typed = frame.fields.find((field) => field.type === 'time');
  if (typed) return typed;
  const named = called(frame.fields, TIME_NAMES);
  return named && (frame.length === 0 || asTime(column(named)(0)) !== null) ? named : undefined;
}

/** The candle fields of a frame; undefined when time, open, high, low or close is missing. */
export function ohlcFields(frame: FrameLike): OhlcFields | undefined {
  const time = timeField(frame);
  if (!time) return undefined;
  const rest = frame.fields.filter((field) => field !== time);
  const [open, high, low, close] = [NAMES.open, NAMES.high, NAMES.low, NAMES.close].map((names) =>
    called(rest, names),
  );
  if (!open || !high || !low || !close) return undefined;
  const volume = called(rest, NAMES.volume);
  const openInterest = called(rest, NAMES.openInterest);
  const vwap = called(rest, NAMES.vwap);
  const source = called(rest, NAMES.source);
  const complete = called(rest, NAMES.complete);
  const taken = new Set([open, high, low, close, volume, openInterest, source, complete]);
  const extras = rest.filter((field) => !taken.has(field) && (field.type ?? 'number') === 'number');
  return { time, open, high, low, close, volume, openInterest, vwap, source, complete, extras };
}

/** The OHLC names that a frame lacks, for the message that says what to do. */
export function missingFields(frame: FrameLike): string[] {
  const time = timeField(frame);
  const missing = (['open', 'high', 'low', 'close'] as const).filter(
    (part) => !called(frame.fields, NAMES[part]),
  );
  return time ? missing : ['time', ...missing];
}
