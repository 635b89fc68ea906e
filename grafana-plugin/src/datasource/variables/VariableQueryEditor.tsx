import type { QueryEditorProps } from '@grafana/data';
import { InlineFieldRow } from '@grafana/ui';
import React from 'react';
import type { TickscopeDataSource } from '../datasource';
import { ChoiceField } from '../fields/ChoiceField';
import { LookupField } from '../fields/LookupField';
import { TextField } from '../fields/TextField';
import type { TickscopeOptions, TickscopeQuery, TickscopeVariableQuery, VariableKind } from '../types';
import { VARIABLE_KINDS, variableQuery } from './kinds';

type Props = QueryEditorProps<TickscopeDataSource, TickscopeQuery, TickscopeOptions, TickscopeVariableQuery>;

const CHOICES = Object.entries(VARIABLE_KINDS).map(([value, { label, description }]) => ({
  value,
  label,
  description,
}));
const TYPES = ['EQ', 'INDEX', 'FUT', 'CE', 'PE'].map((value) => ({ value, label: value }));

/** A list that may depend on other variables: `$underlying` in the underlying of an expiry. */
export function VariableQueryEditor({ query: saved, datasource, onChange, onRunQuery }: Props) {
  const query = variableQuery(saved);
  const { kind } = query;
  const { narrowing } = VARIABLE_KINDS[kind];
  const run = (next: TickscopeVariableQuery) => {
    onChange(next);
    onRunQuery();
  };
  const patch = (change: Partial<TickscopeVariableQuery>) => run({ ...query, ...change });
  return (
    <>
      <InlineFieldRow>
        <ChoiceField
          label="List"
          tooltip={VARIABLE_KINDS[kind].description}
          choices={CHOICES}
          value={kind}
          onChange={(next) => run({ refId: query.refId, kind: (next ?? kind) as VariableKind })}
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
