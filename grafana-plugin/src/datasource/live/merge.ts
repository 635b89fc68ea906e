import { type DataFrame, type Field, toDataFrame } from '@grafana/data';
import type { ChannelKind } from './channel';

/** Rows of history that a followed frame keeps at most beyond what the query answered with. */
const LIVE_ROWS_MAX = 5_000;

/** A field's values as an array: Grafana 9.4 gives a vector, 10 and later an array. */
export function valuesOf(field: Pick<Field, 'values'> | undefined): unknown[] {
  const values: unknown = field?.values;
  if (Array.isArray(values)) {
    return values;
  }
  return (values as { toArray(): unknown[] } | undefined)?.toArray() ?? [];
}

/** A frame's columns by field name. */
function columnsOf(frame: DataFrame): Map<string, unknown[]> {
  return new Map(frame.fields.map((field) => [field.name, valuesOf(field)]));
}

/** The same frame (name, meta, labels, units) over other values. */
function withColumns(frame: DataFrame, columns: Map<string, unknown[]>): DataFrame {
  return toDataFrame({
    name: frame.name,
    refId: frame.refId,
    meta: frame.meta,
    fields: frame.fields.map(({ name, type, config, labels }) => ({
      name,
      type,
      config,
      labels,
      values: columns.get(name) ?? [],
    })),
  });
}

function copied(frame: DataFrame): Map<string, unknown[]> {
  return new Map(frame.fields.map((field) => [field.name, [...valuesOf(field)]]));
}

/** Writes row `from` of `live` over (or, one past the end, behind) row `to`; a field that `live` lacks keeps its value. */
function writeRow(
  columns: Map<string, unknown[]>,
  live: Map<string, unknown[]>,
  from: number,
  to: number,
): void {
  for (const [name, column] of columns) {
    const values = live.get(name);
    if (values !== undefined) {
      column[to] = values[from];
    } else if (to >= column.length) {
      column[to] = null;
    }
  }
}

/**
 * Rows with the key of a row that is there replace it; later keys are put behind. With an ordered key (time) a row older
 * than the last is only taken when its like is there: a late packet must not put a bar in front of a newer one.
 */
function upserted(frame: DataFrame, live: DataFrame, key: string, ordered: boolean): DataFrame {
  const columns = copied(frame);
  const rows = columnsOf(live);
  const keys = columns.get(key);
  const liveKeys = rows.get(key);
  if (keys === undefined || liveKeys === undefined) {
    return frame;
  }
  for (const [row, value] of liveKeys.entries()) {
    const at = keys.lastIndexOf(value);
    const last = keys[keys.length - 1];
    if (at >= 0) {
      writeRow(columns, rows, row, at);
    } else if (!ordered || last === undefined || Number(value) > Number(last)) {
      writeRow(columns, rows, row, keys.length);
    }
  }
  return withColumns(frame, columns);
}

/**
 * Trades are put behind those that are there. The channel hands over its whole buffer each time, so what is already
 * there is found by the last trade's time and cumulative volume.
 */
function appended(frame: DataFrame, live: DataFrame): DataFrame {
  const columns = copied(frame);
  const rows = columnsOf(live);
  const times = columns.get('time');
  const liveTimes = rows.get('time') ?? [];
  if (times === undefined) {
    return frame;
  }
  const end = times.length - 1;
  const lastTime = times[end];
  const lastVolume = columns.get('volume')?.[end];
  let next = liveTimes.findIndex((time) => lastTime === undefined || Number(time) > Number(lastTime));
  for (let row = liveTimes.length - 1; row >= 0; row -= 1) {
    if (liveTimes[row] === lastTime && rows.get('volume')?.[row] === lastVolume) {
      next = row + 1;
      break;
    }
  }
  for (let row = next < 0 ? liveTimes.length : next; row < liveTimes.length; row += 1) {
    writeRow(columns, rows, row, times.length);
  }
  const excess = times.length - Math.max(end + 1, LIVE_ROWS_MAX);
  if (excess > 0) {
    for (const column of columns.values()) {
      column.splice(0, excess);
    }
  }
  return withColumns(frame, columns);
}

/** The frame with a channel's rows in it. Giving the same rows twice changes nothing. */
export function merged(kind: ChannelKind, frame: DataFrame, live: DataFrame): DataFrame {
  if (live.length === 0) {
    return frame;
  }
  switch (kind) {
    case 'bar':
      return upserted(frame, live, 'time', true);
    case 'quote':
      return upserted(frame, live, 'instrument', false);
    case 'tick':
      return appended(frame, live);
    case 'depth':
      return withColumns(frame, columnsOf(live));
  }
}
