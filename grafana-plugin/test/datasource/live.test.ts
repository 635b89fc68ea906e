import { type DataFrame, FieldType, LoadingState, toDataFrame } from '@grafana/data';
import type { GrafanaLiveSrv, LiveDataStreamOptions } from '@grafana/runtime';
import { lastValueFrom, Subject, take, toArray } from 'rxjs';
import { expect, test } from 'vitest';
import { channelsOf, parsedChannel } from '../../src/datasource/live/channel';
import { followed } from '../../src/datasource/live/follow';
import { merged, valuesOf } from '../../src/datasource/live/merge';

const MINUTE = 60_000;

function frame(columns: Record<string, unknown[]>, channels?: string[]): DataFrame {
  return toDataFrame({
    name: 'NSE:INFY 1m',
    refId: 'A',
    meta: { custom: { tickscope: { origin: 'SIMULATED', channels } } },
    fields: Object.entries(columns).map(([name, values]) => ({
      name,
      type: name === 'time' ? FieldType.time : name === 'instrument' ? FieldType.string : FieldType.number,
      config: { decimals: 2 },
      labels: { instrument: 'NSE:INFY' },
      values,
    })),
  });
}

const columns = (from: DataFrame) =>
  Object.fromEntries(from.fields.map((field) => [field.name, valuesOf(field)]));

const candles = () => frame({ time: [0, MINUTE], close: [10, 11], volume: [100, 50] });

test('the bar in progress is replaced, not repeated', () => {
  const live = frame({ time: [MINUTE, MINUTE], close: [11.5, 12], volume: [60, 70] });
  expect(columns(merged('bar', candles(), live))).toEqual({
    time: [0, MINUTE],
    close: [10, 12],
    volume: [100, 70],
  });
});

test('the next bar comes behind, and the one that ended can still be settled', () => {
  const live = frame({ time: [2 * MINUTE, MINUTE], close: [13, 12.5], volume: [1, 90] });
  expect(columns(merged('bar', candles(), live))).toEqual({
    time: [0, MINUTE, 2 * MINUTE],
    close: [10, 12.5, 13],
    volume: [100, 90, 1],
  });
});

test('a bar before the first of the range is left out: time never goes back', () => {
  const live = frame({ time: [MINUTE / 2], close: [1], volume: [1] });
  expect(columns(merged('bar', candles(), live))).toEqual(columns(candles()));
});

test('the same rows twice change nothing', () => {
  const live = frame({ time: [MINUTE, 2 * MINUTE], close: [12, 13], volume: [70, 5] });
  const once = merged('bar', candles(), live);
  expect(columns(merged('bar', once, live))).toEqual(columns(once));
});

test('a field that the channel does not carry keeps what it had, and is empty in a new row', () => {
  const live = frame({ time: [MINUTE, 2 * MINUTE], close: [12, 13] });
  expect(columns(merged('bar', candles(), live))['volume']).toEqual([100, 50, null]);
});

test('units, labels, name and meta stay', () => {
  const next = merged('bar', candles(), frame({ time: [MINUTE], close: [12], volume: [70] }));
  expect(next).toMatchObject({ name: 'NSE:INFY 1m', refId: 'A', length: 2 });
  expect(next.meta?.custom?.['tickscope'].origin).toBe('SIMULATED');
  expect(next.fields[1]).toMatchObject({ config: { decimals: 2 }, labels: { instrument: 'NSE:INFY' } });
});

test('the answer of the query itself is never written into', () => {
  const before = candles();
  merged('bar', before, frame({ time: [MINUTE], close: [99], volume: [1] }));
  expect(columns(before)).toEqual(columns(candles()));
});

test('trades are put behind once, though the channel repeats its buffer', () => {
  const base = frame({ time: [1, 2], price: [10, 11], volume: [5, 6] });
  const first = merged('tick', base, frame({ time: [2, 2, 3], price: [11, 11.5, 12], volume: [6, 7, 8] }));
  expect(columns(first)).toEqual({ time: [1, 2, 2, 3], price: [10, 11, 11.5, 12], volume: [5, 6, 7, 8] });
  const second = merged('tick', first, frame({ time: [2, 3, 4], price: [11.5, 12, 13], volume: [7, 8, 9] }));
  expect(columns(second)['time']).toEqual([1, 2, 2, 3, 4]);
});

test('a last price goes to the row of its instrument', () => {
  const base = frame({ time: [1, 1], instrument: ['NSE:INFY', 'NSE:TCS'], last_price: [10, 20] });
  const live = frame({ time: [2], instrument: ['NSE:TCS'], last_price: [21] });
  expect(columns(merged('quote', base, live))).toEqual({
    time: [1, 2],
    instrument: ['NSE:INFY', 'NSE:TCS'],
    last_price: [10, 21],
  });
});

test('a ladder is replaced as a whole', () => {
  const base = frame({ level: [1, 2], bid_price: [10, 9] });
  expect(columns(merged('depth', base, frame({ level: [1], bid_price: [11] })))).toEqual({
    level: [1],
    bid_price: [11],
  });
});

test('a channel of another data source kind is no channel of ours', () => {
  expect(parsedChannel('ds/tickscope/bar/408065/1m')).toMatchObject({
    kind: 'bar',
    address: { path: 'bar/408065/1m' },
  });
  expect(parsedChannel('plugin/tickscope/bar/1')).toBeUndefined();
  expect(parsedChannel('ds/tickscope/telemetry/1')).toBeUndefined();
  expect(parsedChannel('bar')).toBeUndefined();
  expect(channelsOf(frame({ time: [] }))).toEqual([]);
});

function live() {
  const asked: LiveDataStreamOptions[] = [];
  const channels: Array<Subject<{ data: DataFrame[] }>> = [];
  const service = {
    getDataStream: (options: LiveDataStreamOptions) => {
      asked.push(options);
      const channel = new Subject<{ data: DataFrame[] }>();
      channels.push(channel);
      return channel;
    },
  } as unknown as GrafanaLiveSrv;
  return { service, asked, channels };
}

const untilNow = { rangeRaw: { from: 'now-1h', to: 'now' } } as Parameters<typeof followed>[1];

test('several instruments give whole answers, at most ten a second', async () => {
  const { service, channels, asked } = live();
  const answer = {
    data: [
      frame({ time: [0], close: [1] }, ['ds/tickscope/bar/1/1m']),
      frame({ time: [0], close: [2] }, ['ds/tickscope/bar/2/1m']),
    ],
  };
  const answers = lastValueFrom(followed(answer, untilNow, service).pipe(take(2), toArray()));
  for (let close = 10; close < 20; close += 1) {
    channels[0]?.next({ data: [frame({ time: [0], close: [close] })] });
    channels[1]?.next({ data: [frame({ time: [0], close: [close * 2] })] });
  }
  const [first, second] = await answers;
  expect(asked.map(({ addr }) => addr.path)).toEqual(['bar/1/1m', 'bar/2/1m']);
  expect(first?.data).toEqual(answer.data);
  expect(second?.state).toBe(LoadingState.Streaming);
  expect(second?.data.map((one: DataFrame) => columns(one)['close'])).toEqual([[19], [38]]);
});

test('a range in the past follows nothing', async () => {
  const { service, asked } = live();
  const answer = { data: [frame({ time: [0], close: [1] }, ['ds/tickscope/bar/1/1m'])] };
  const past = { rangeRaw: { from: '2026-11-20', to: '2026-11-21' } } as unknown as typeof untilNow;
  expect(await lastValueFrom(followed(answer, past, service))).toBe(answer);
  expect(asked).toEqual([]);
});

test('without Grafana Live the answer stands as it is', async () => {
  const answer = { data: [frame({ time: [0], close: [1] }, ['ds/tickscope/bar/1/1m'])] };
  expect(await lastValueFrom(followed(answer, untilNow, undefined))).toBe(answer);
});
