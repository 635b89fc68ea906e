import { type DataQueryRequest, dateTime } from '@grafana/data';
import {
  type BackendSrv,
  type BackendSrvRequest,
  type DataSourceSrv,
  setBackendSrv,
  setDataSourceSrv,
} from '@grafana/runtime';
import { lastValueFrom, of, toArray } from 'rxjs';
import { beforeEach, expect, test, vi } from 'vitest';
import type { TickscopeQuery } from '../../src/datasource/types';
import { candleQuery, source } from './fake';

const fetched = vi.fn((_request: BackendSrvRequest) => of({ status: 200, data: { results: {} } }));

beforeEach(() => {
  fetched.mockClear();
  setBackendSrv({ fetch: fetched } as unknown as BackendSrv);
  setDataSourceSrv({ getInstanceSettings: () => undefined } as unknown as DataSourceSrv);
});

function request(targets: TickscopeQuery[], to = 'now'): DataQueryRequest<TickscopeQuery> {
  const range = { from: dateTime(0), to: dateTime(60_000), raw: { from: 'now-1m', to } };
  return {
    requestId: 'Q1',
    app: 'dashboard',
    interval: '1m',
    intervalMs: 60_000,
    maxDataPoints: 500,
    range,
    rangeRaw: range.raw,
    scopedVars: {},
    startTime: 0,
    targets,
    timezone: 'browser',
  };
}

test('a new query shows the index before anything was chosen', () => {
  expect(source().datasource.getDefaultQuery()).toEqual({
    queryType: 'candles',
    instruments: ['NSE:NIFTY 50'],
    interval: 'auto',
  });
});

test('a hidden query is not sent, an incomplete one is: its answer says what to choose', () => {
  const { datasource } = source();
  expect(datasource.filterQuery(candleQuery({ hide: true }))).toBe(false);
  expect(datasource.filterQuery(candleQuery({ instruments: [] }))).toBe(true);
});

test('a multi-value variable becomes one instrument a value', () => {
  const { datasource } = source({ instrument: ['NSE:INFY', 'NSE:TCS'] });
  const query = datasource.applyTemplateVariables(
    candleQuery({ instruments: ['$instrument', 'NSE:INFY'] }),
    {},
  );
  expect(query.instruments).toEqual(['NSE:INFY', 'NSE:TCS']);
});

test('variables inside of a symbol give every combination', () => {
  const { datasource } = source({ exchange: ['NSE', 'BSE'], symbol: ['INFY', 'M&M'] });
  const braced = `\${exchange}:$symbol`;
  const query = datasource.applyTemplateVariables(candleQuery({ instruments: [braced] }), {});
  expect(query.instruments).toEqual(['NSE:INFY', 'NSE:M&M', 'BSE:INFY', 'BSE:M&M']);
});

test('an empty variable leaves no instrument behind', () => {
  const { datasource } = source({ instrument: '', symbol: [] });
  const query = datasource.applyTemplateVariables(
    candleQuery({ instruments: ['$instrument', 'NSE:$symbol', ' '] }),
    {},
  );
  expect(query.instruments).toEqual([]);
});

test("a repeated panel's own value goes before the dashboard's", () => {
  const { datasource } = source({ instrument: ['NSE:INFY', 'NSE:TCS'] });
  const scoped = { instrument: { text: 'NSE:TCS', value: 'NSE:TCS' } };
  expect(
    datasource.applyTemplateVariables(candleQuery({ instruments: ['$instrument'] }), scoped).instruments,
  ).toEqual(['NSE:TCS']);
});

test('every other field may hold a variable, numbers too', () => {
  const { datasource } = source({ u: 'NIFTY', e: '2026-11-26', n: '5', i: '5m', nothing: '' });
  const query = datasource.applyTemplateVariables(
    {
      refId: 'A',
      queryType: 'chain',
      underlying: '$u',
      expiry: '$e',
      strikes: '$n',
      interval: '$i',
      limit: '$nothing',
    },
    {},
  );
  expect(query).toEqual({
    refId: 'A',
    queryType: 'chain',
    underlying: 'NIFTY',
    expiry: '2026-11-26',
    strikes: 5,
    interval: '5m',
  });
});

test('what goes to the back end has its variables put in', async () => {
  const { datasource } = source({ instrument: ['NSE:INFY', 'NSE:TCS'] });
  await lastValueFrom(datasource.query(request([candleQuery({ instruments: ['$instrument'] })])));
  const [sent] = fetched.mock.calls[0] ?? [];
  expect(sent?.url).toContain('/api/ds/query');
  expect(sent?.data.queries[0]).toMatchObject({
    queryType: 'candles',
    instruments: ['NSE:INFY', 'NSE:TCS'],
    interval: 'auto',
    maxDataPoints: 500,
    intervalMs: 60_000,
    datasource: { uid: 'tickscope', type: 'tickscope-market-datasource' },
  });
});

test('an answer without channels is given once, with its frames', async () => {
  const { datasource } = source();
  const values = { schema: { fields: [{ name: 'close', type: 'number' }] }, data: { values: [[1500]] } };
  fetched.mockReturnValueOnce(of({ status: 200, data: { results: { A: { frames: [values] } } } }));
  const answers = await lastValueFrom(datasource.query(request([candleQuery()])).pipe(toArray()));
  expect(answers).toHaveLength(1);
  expect(answers[0]?.data[0].fields[0]).toMatchObject({ name: 'close', values: [1500] });
});

test('a variable asks its own resource, with other variables put in and empty fields left out', async () => {
  const { datasource, asked } = source({ underlying: 'NIFTY' });
  const found = await datasource.metricFindQuery({
    refId: 'v',
    kind: 'expiry',
    underlying: '$underlying',
    exchange: '',
  });
  expect(asked).toHaveBeenCalledWith('variables/expiry', { underlying: 'NIFTY' });
  expect(found).toEqual([{ text: '26 Nov 2026', value: '2026-11-26' }]);
});

test('the variable editor runs the same question with the scope of the moment', async () => {
  const { datasource, asked } = source();
  const targets = [{ refId: 'v', kind: 'expiry' as const, underlying: '$underlying' }];
  const scopedVars = { underlying: { text: 'BANKNIFTY', value: 'BANKNIFTY' } };
  const support = datasource.variables as NonNullable<typeof datasource.variables> & {
    query(request: unknown): ReturnType<typeof datasource.query>;
  };
  const answer = await lastValueFrom(support.query({ ...request([]), targets, scopedVars }));
  expect(asked).toHaveBeenCalledWith('variables/expiry', { underlying: 'BANKNIFTY' });
  expect(answer.data).toEqual([{ text: '26 Nov 2026', value: '2026-11-26' }]);
});

test('an annotation is a query of type events, whatever was stored', () => {
  const { annotations } = source().datasource;
  expect(annotations?.getDefaultQuery?.()).toEqual({ queryType: 'events' });
  const target = { refId: 'x', kinds: ['hole' as const], instruments: ['$instrument'] };
  expect(annotations?.prepareQuery?.({ name: 'Holes', enable: true, iconColor: 'red', target })).toEqual({
    ...target,
    queryType: 'events',
  });
});

test('the search is sent as typed', async () => {
  const { datasource, asked } = source();
  await datasource.searchInstruments('nifty 25000 ce');
  expect(asked).toHaveBeenCalledWith('instruments', { search: 'nifty 25000 ce', limit: 50 });
});
