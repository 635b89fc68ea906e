import type { DataSourceSettings } from '@grafana/data';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';
import { expect, test, vi } from 'vitest';
import { AnnotationEditor } from '../../src/datasource/annotations/AnnotationEditor';
import { ConfigEditor } from '../../src/datasource/config/ConfigEditor';
import type { TickscopeOptions, TickscopeSecrets, TickscopeVariableQuery } from '../../src/datasource/types';
import { VariableQueryEditor } from '../../src/datasource/variables/VariableQueryEditor';
import { choose, Held } from './editor';
import { source } from './fake';

type Settings = DataSourceSettings<TickscopeOptions, TickscopeSecrets>;

function configure(change: Partial<Settings> = {}) {
  const changed = vi.fn<(settings: Settings) => void>();
  const start = { url: '', jsonData: {}, secureJsonFields: {}, secureJsonData: {}, ...change } as Settings;
  render(
    <Held start={start} onChange={changed}>
      {(options, change) => <ConfigEditor options={options} onOptionsChange={change} />}
    </Held>,
  );
  return () => changed.mock.lastCall?.[0];
}

test('the URL goes to the settings, without the blanks that a copy brings along', async () => {
  const last = configure();
  await userEvent.setup({ delay: null }).type(screen.getByLabelText('URL'), 'http://ingest:8000 ');
  expect(last()?.url).toBe('http://ingest:8000');
});

test('the token goes to the secure settings only, and a stored one can be reset but not read', async () => {
  const last = configure({ secureJsonFields: { token: true } });
  const user = userEvent.setup({ delay: null });
  expect(screen.getByLabelText('Token')).toBeDisabled();
  await user.click(screen.getByRole('button', { name: /reset/i }));
  expect(last()?.secureJsonFields).toEqual({ token: false });
  await user.type(screen.getByLabelText('Token'), 'secret');
  expect(last()?.secureJsonData).toEqual({ token: 'secret' });
  expect(last()?.jsonData).toEqual({});
});

test('an empty time-out is the default, not zero', async () => {
  const last = configure({ jsonData: { timeoutMs: 5000 } });
  const user = userEvent.setup({ delay: null });
  await user.clear(screen.getByLabelText('Time-out (ms)'));
  expect(last()?.jsonData).toEqual({});
  await user.type(screen.getByLabelText('Time-out (ms)'), '15000');
  expect(last()?.jsonData).toEqual({ timeoutMs: 15_000 });
});

function variable(query: Partial<TickscopeVariableQuery>, values: Record<string, string> = {}) {
  const { datasource, asked } = source(values);
  const changed = vi.fn<(query: TickscopeVariableQuery) => void>();
  render(
    <Held start={{ refId: 'v', ...query } as TickscopeVariableQuery} onChange={changed}>
      {(current, change) => (
        <VariableQueryEditor query={current} datasource={datasource} onRunQuery={vi.fn()} onChange={change} />
      )}
    </Held>,
  );
  return { last: () => changed.mock.lastCall?.[0], asked };
}

test('a variable shows only the fields that narrow its list', async () => {
  const { last } = variable({});
  expect(screen.getByLabelText('Search')).toBeInTheDocument();
  await choose('List', 'Expiry');
  expect(last()).toEqual({ refId: 'v', kind: 'expiry' });
  expect(screen.queryByLabelText('Search')).toBeNull();
  expect(screen.queryByLabelText('Type')).toBeNull();
  await choose('List', 'Exchange');
  expect(screen.queryByLabelText('Underlying')).toBeNull();
});

test('a new variable, whose query is an empty text, begins with instruments', async () => {
  const { datasource } = source();
  const changed = vi.fn<(query: TickscopeVariableQuery) => void>();
  render(
    <VariableQueryEditor
      query={'' as unknown as TickscopeVariableQuery}
      datasource={datasource}
      onRunQuery={vi.fn()}
      onChange={changed}
    />,
  );
  await userEvent.type(screen.getByLabelText('Search'), 'infy{Enter}');
  expect(changed).toHaveBeenLastCalledWith({ refId: 'variable', kind: 'instrument', search: 'infy' });
});

test('a variable may depend on another one', async () => {
  const { last, asked } = variable({ kind: 'strike' }, { underlying: 'NIFTY', expiry: '2026-11-26' });
  await choose('Underlying', '$underlying');
  await choose('Expiry', '$expiry');
  expect(last()).toEqual({ refId: 'v', kind: 'strike', underlying: '$underlying', expiry: '$expiry' });
  await waitFor(() => expect(asked).toHaveBeenCalledWith('variables/expiry', { underlying: 'NIFTY' }));
});

test('instruments are narrowed by a search and a type', async () => {
  const { last } = variable({ kind: 'instrument' });
  await userEvent.setup({ delay: null }).type(screen.getByLabelText('Search'), 'nifty fut{Enter}');
  await choose('Type', 'FUT');
  expect(last()).toEqual({ refId: 'v', kind: 'instrument', search: 'nifty fut', type: 'FUT' });
});

test('an annotation keeps its query in the target and asks for the chosen kinds', async () => {
  const { datasource } = source();
  const changed = vi.fn();
  const annotation = { name: 'Holes', enable: true, iconColor: 'red', target: { refId: 'Anno' } };
  render(
    <AnnotationEditor
      annotation={annotation}
      onAnnotationChange={changed}
      query={{ refId: 'Anno' }}
      datasource={datasource}
      onChange={vi.fn()}
      onRunQuery={vi.fn()}
    />,
  );
  await choose('Kinds', 'VIX regimes');
  expect(changed).toHaveBeenLastCalledWith({
    ...annotation,
    target: { refId: 'Anno', queryType: 'events', kinds: ['regime'] },
  });
});
