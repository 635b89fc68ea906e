import type { Bar } from './bar';
import { asNumber, asTime, column, type FieldLike, type FrameLike } from './frame';
import { ohlcFields } from './ohlc-fields';
import type { ReadFrame } from './read-frames';

/**
 * Puts the numbers of frames that are no candles beside the first candles, by time: the volume of a future below its
 * index, another data source's series. A name that the candles' own frame has already is left to it.
 */
export function attachFields(read: readonly ReadFrame[], frames: readonly FrameLike[]): ReadFrame[] {
  const [main, ...others] = read;
  if (!main) return [];
  const added = new Map<string, { field: FieldLike; at: Map<number, number | null> }>();
  for (const frame of frames) {
    const time = frame.fields.find(({ type }) => type === 'time');
    if (!time || ohlcFields(frame)) continue;
    for (const field of frame.fields) {
      const taken = main.series.extras.includes(field.name) || added.has(field.name);
      if (field.type === 'number' && !taken) {
        added.set(field.name, { field, at: byTime(frame.length, time, field) });
      }
    }
  }
  if (added.size === 0) return [...read];
  const values = [...added.values()].map(({ at }) => at);
  const beside = (bar: Bar): Bar => ({
    ...bar,
    extras: [...bar.extras, ...values.map((at) => at.get(bar.time) ?? null)],
  });
  const { series, fields } = main;
  return [
    {
      fields: { ...fields, extras: [...fields.extras, ...[...added.values()].map(({ field }) => field)] },
      series: { ...series, bars: series.bars.map(beside), extras: [...series.extras, ...added.keys()] },
    },
    ...others,
  ];
}

function byTime(rows: number, time: FieldLike, field: FieldLike): Map<number, number | null> {
  const [instant, number] = [column(time), column(field)];
  const found = new Map<number, number | null>();
  for (let row = 0; row < rows; row++) {
    const at = asTime(instant(row));
    if (at !== null) found.set(at, asNumber(number(row)));
  }
  return found;
}
