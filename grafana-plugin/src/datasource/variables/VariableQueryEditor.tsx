import type { QueryEditorProps } from '@grafana/data';
import { InlineFieldRow } from '@grafana/ui';
import React from 'react';
import type { TickscopeDataSource } from '../datasource';
import { ChoiceField } from '../fields/ChoiceField';
import { LookupField } from '../fields/LookupField';
import { TextField } from '../fields/TextField';
import type { TickscopeOptions, TickscopeQuery, TickscopeVariableQuery, VariableKind } from '../types';

type Props = QueryEditorProps<TickscopeDataSource, TickscopeQuery, TickscopeOptions, TickscopeVariableQuery>;

type Narrowing = 'search' | 'exchange' | 'segment' | 'type' | 'underlying' | 'expiry';

/** What each kind lists, and by which fields the list can be narrowed. */
const KINDS: Record<VariableKind, { label: string; description: string; narrowing: Narrowing[] }> = {
  exchange: { label: 'Exchange', description: 'NSE, NFO, ...', narrowing: [] },
  underlying: { label: 'Underlying', description: 'What has futures or options', narrowing: [] },
  expiry: {
    label: 'Expiry',
    description: 'Expiries of an underlying, nearest first',
    narrowing: ['underlying'],
  },
  strike: { label: 'Strike', description: 'Strikes of an expiry', narrowing: ['underlying', 'expiry'] },
  instrument: {
    label: 'Instrument',
    description: 'Instruments that fit',
    narrowing: ['search', 'exchange', 'segment', 'type', 'underlying', 'expiry'],
  },
  watchlist: { label: 'Watchlist', description: 'Named lists of instruments', narrowing: [] },
  origin: { label: 'Origin', description: 'LIVE, SIMULATED or REPLAY: say it in the title', narrowing: [] },
  future: {
    label: 'Future',
    description: 'Futures of an underlying or instrument, nearest first',
    narrowing: ['underlying'],
  },
  spot: {
    label: 'Spot',
    description: 'The cash or index instrument of an underlying',
    narrowing: ['underlying'],
  },
};

const CHOICES = Object.entries(KINDS).map(([value, { label, description }]) => ({
  value,
  label,
  description,
}));
const TYPES = ['EQ', 'INDEX', 'FUT', 'CE', 'PE'].map((value) => ({ value, label: value }));

/** A list that may depend on other variables: `$underlying` in the underlying of an expiry. */
export function VariableQueryEditor({ query, datasource, onChange, onRunQuery }: Props) {
  const kind: VariableKind = query.kind !== undefined && query.kind in KINDS ? query.kind : 'instrument';
  const { narrowing } = KINDS[kind];
  const run = (next: TickscopeVariableQuery) => {
    onChange(next);
    onRunQuery();
  };
  const patch = (change: Partial<TickscopeVariableQuery>) => run({ ...query, kind, ...change });
  return (
    <>
      <InlineFieldRow>
        <ChoiceField
          label="List"
          tooltip={KINDS[kind].description}
          choices={CHOICES}
          value={kind}
          onChange={(next) => run({ refId: query.refId ?? 'variable', kind: (next ?? kind) as VariableKind })}
        />
        {narrowing.includes('search') && (
          <TextField
            label="Search"
            value={query.search ?? ''}
            width={24}
            placeholder="nifty fut, bank, 25000 ce"
            onChange={(search) => patch({ search })}
          />
        )}
      </InlineFieldRow>
      <InlineFieldRow>
        {narrowing.includes('exchange') && (
          <LookupField
            label="Exchange"
            datasource={datasource}
            lookup={{ kind: 'exchange' }}
            value={query.exchange}
            placeholder="all"
            onChange={(exchange = '') => patch({ exchange })}
          />
        )}
        {narrowing.includes('segment') && (
          <TextField
            label="Segment"
            value={query.segment ?? ''}
            placeholder="all"
            onChange={(segment) => patch({ segment })}
          />
        )}
        {narrowing.includes('type') && (
          <ChoiceField
            label="Type"
            choices={TYPES}
            variables={datasource.variableNames()}
            value={query.type === '' ? undefined : query.type}
            placeholder="all"
            clearable
            onChange={(type = '') => patch({ type })}
          />
        )}
      </InlineFieldRow>
      <InlineFieldRow>
        {narrowing.includes('underlying') && (
          <LookupField
            label="Underlying"
            tooltip="A name or a variable, e.g. $underlying"
            datasource={datasource}
            lookup={{ kind: 'underlying' }}
            value={query.underlying}
            onChange={(underlying = '') => patch({ underlying })}
          />
        )}
        {narrowing.includes('expiry') && (
          <LookupField
            label="Expiry"
            tooltip="A date or a variable, e.g. $expiry"
            datasource={datasource}
            lookup={{ kind: 'expiry', underlying: query.underlying ?? '' }}
            value={query.expiry}
            onChange={(expiry = '') => patch({ expiry })}
          />
        )}
      </InlineFieldRow>
    </>
  );
}
