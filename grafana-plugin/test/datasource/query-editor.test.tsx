import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';
import { expect, test, vi } from 'vitest';
import { defaultQuery, QUERY_KINDS, turnedTo } from '../../src/datasource/query/kinds';
import { QueryEditor } from '../../src/datasource/query/QueryEditor';
import type { QueryType, TickscopeQuery } from '../../src/datasource/types';
import { choose, Held } from './editor';
import { candleQuery, source } from './fake';

/** The editor over a query that really changes, as in Grafana. */
function edit(query: TickscopeQuery, values: Record<string, string> = {}) {
  const { datasource, asked } = source(values);
  const changed = vi.fn<(query: TickscopeQuery) => void>();
  const ran = vi.fn();
  render(
    <Held start={query} onChange={changed}>
      {(current, change) => (
        <QueryEditor query={current} datasource={datasource} onRunQuery={ran} onChange={change} />
      )}
    </Held>,
  );
  return { asked, ran, last: () => changed.mock.lastCall?.[0], changed };
}

test('a stored query without a type is shown as candles', () => {
  edit({ refId: 'A', instruments: ['NSE:INFY'] });
  expect(screen.getByText('Candles')).toBeInTheDocument();
  expect(screen.getByText('NSE:INFY')).toBeInTheDocument();
  expect(screen.getByLabelText('Heal')).toBeChecked();
  expect(screen.getByLabelText('Stream')).not.toBeChecked();
});

test('a new type keeps the instruments, takes its own defaults and runs', async () => {
  const { last, ran } = edit(candleQuery({ field: 'close', fill: 'previous', interval: '5m' }));
  await choose('Query type', 'Open interest');
  expect(last()).toEqual({ refId: 'A', queryType: 'oi', instruments: ['NSE:INFY'], interval: '5m' });
  expect(ran).toHaveBeenCalledTimes(1);
  await choose('View', 'Both');
  expect(last()).toMatchObject({ queryType: 'oi', view: 'both' });
  await choose('Query type', 'Option chain');
  expect(last()).toMatchObject({ queryType: 'chain', underlying: 'NIFTY', expiry: 'nearest', strikes: 10 });
  expect(last()).not.toHaveProperty('view');
});

test('an instrument is found by what one knows of it, and added by the keyboard', async () => {
  const { last, asked } = edit(candleQuery());
  const user = userEvent.setup({ delay: null });
  await user.click(screen.getByLabelText('Instruments'));
  await user.paste('nifty 25000 ce');
  await screen.findByText('NIFTY · 26 Nov 2026 · CE');
  expect(asked).toHaveBeenLastCalledWith('instruments', { search: 'nifty 25000 ce', limit: 50 });
  await user.keyboard('{Enter}');
  await waitFor(() => expect(last()?.instruments).toEqual(['NSE:INFY', 'NFO:NIFTY26NOV25000CE']));
});

test('a dashboard variable is offered as an instrument, and anything else can be typed', async () => {
  const { last } = edit(candleQuery({ instruments: [] }), { instrument: 'NSE:TCS' });
  await choose('Instruments', '$instrument', '$inst');
  expect(last()?.instruments).toEqual(['$instrument']);
  await choose('Instruments', 'Use watchlist:mine', 'watchlist:mine');
  expect(last()?.instruments).toEqual(['$instrument', 'watchlist:mine']);
});

test('backspace takes the last instrument away', async () => {
  const { last } = edit(candleQuery({ instruments: ['NSE:INFY', 'NSE:TCS'] }));
  const user = userEvent.setup({ delay: null });
  await user.click(screen.getByLabelText('Instruments'));
  await user.keyboard('{Backspace}');
  expect(last()?.instruments).toEqual(['NSE:INFY']);
});

test('heal, stream, fill and interval are one click each', async () => {
  const { last } = edit(candleQuery());
  const user = userEvent.setup({ delay: null });
  await user.click(screen.getByLabelText('Heal'));
  expect(last()).toMatchObject({ heal: false });
  await user.click(screen.getByLabelText('Stream'));
  expect(last()).toMatchObject({ heal: false, stream: true });
  await choose('Interval', '15m');
  await choose('Fill', 'previous');
  expect(last()).toMatchObject({ interval: '15m', fill: 'previous', heal: false, stream: true });
});

test('one field can be picked for an alert rule, and given up again', async () => {
  const { last } = edit(candleQuery());
  await choose('Field', 'close');
  expect(last()?.field).toBe('close');
  const user = userEvent.setup({ delay: null });
  await user.click(screen.getByLabelText('Field'));
  await user.keyboard('{Backspace}');
  expect(last()).toMatchObject({ field: undefined, instruments: ['NSE:INFY'] });
});

test('a chain asks for the expiries of its underlying, and a new underlying starts at the nearest', async () => {
  const { last, asked } = edit(turnedTo(candleQuery(), 'chain'));
  await waitFor(() => expect(asked).toHaveBeenCalledWith('variables/expiry', { underlying: 'NIFTY' }));
  await choose('Expiry', '26 Nov 2026');
  expect(last()?.expiry).toBe('2026-11-26');
  await choose('Underlying', 'BANKNIFTY');
  expect(last()).toMatchObject({ underlying: 'BANKNIFTY', expiry: 'nearest' });
  await waitFor(() => expect(asked).toHaveBeenCalledWith('variables/expiry', { underlying: 'BANKNIFTY' }));
});

test('strikes are taken on Enter or on leaving, a variable stays text, nonsense is the default', async () => {
  const { last, ran } = edit(turnedTo(candleQuery(), 'chain'));
  const user = userEvent.setup({ delay: null });
  const strikes = screen.getByLabelText('Strikes');
  await user.clear(strikes);
  await user.type(strikes, '15');
  expect(ran).not.toHaveBeenCalled();
  await user.keyboard('{Enter}');
  expect(last()?.strikes).toBe(15);
  await user.clear(strikes);
  await user.type(strikes, '$strikes');
  await user.tab();
  expect(last()?.strikes).toBe('$strikes');
  await user.clear(strikes);
  await user.type(strikes, 'many{Enter}');
  expect(last()?.strikes).toBeUndefined();
});

test('movers show what belongs to the view', async () => {
  const { last } = edit(turnedTo(candleQuery(), 'movers'));
  await choose('Order', 'Gainers');
  await choose('Window', 'Last minute');
  expect(last()).toMatchObject({
    by: 'gainers',
    window: '1m',
    segment: 'NSE',
    instrumentType: 'EQ',
    limit: 20,
  });
  await choose('View', 'Breadth');
  expect(screen.queryByLabelText('Order')).toBeNull();
  expect(screen.queryByLabelText('Limit')).toBeNull();
});

test('a search that fails leaves the list empty and the typing possible', async () => {
  const { datasource, asked } = source();
  asked.mockRejectedValue(new Error('connection refused'));
  render(
    <QueryEditor query={candleQuery()} datasource={datasource} onChange={vi.fn()} onRunQuery={vi.fn()} />,
  );
  const user = userEvent.setup({ delay: null });
  await user.click(screen.getByLabelText('Instruments'));
  await user.paste('408065');
  expect(await screen.findByText('Use 408065')).toBeInTheDocument();
});

test.each(Object.keys(QUERY_KINDS) as QueryType[])(
  '%s: its editor opens on its own defaults',
  (queryType) => {
    const { last } = edit(turnedTo({ refId: 'A', ...defaultQuery() }, queryType));
    expect(screen.getByLabelText('Query type')).toBeInTheDocument();
    expect(screen.getAllByText(QUERY_KINDS[queryType].label).length).toBeGreaterThan(0);
    expect(last()).toBeUndefined();
  },
);
