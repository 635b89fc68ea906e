import type { QueryEditorProps } from '@grafana/data';
import { InlineFieldRow } from '@grafana/ui';
import React, { type ComponentType } from 'react';
import type { TickscopeDataSource } from '../datasource';
import { ChoiceField } from '../fields/ChoiceField';
import { SHORT_LABEL_WIDTH } from '../fields/layout';
import type { QueryType, TickscopeOptions, TickscopeQuery } from '../types';
import { CandlesPart } from './CandlesPart';
import { ChainPart } from './ChainPart';
import { DepthPart } from './DepthPart';
import { EventsPart } from './EventsPart';
import { defaultView, QUERY_KINDS, queryTypeOf, turnedTo } from './kinds';
import { MoversPart } from './MoversPart';
import { OpenInterestPart } from './OpenInterestPart';
import type { QueryPartProps } from './part';
import { QualityPart } from './QualityPart';
import { TicksPart } from './TicksPart';

export type Props = QueryEditorProps<TickscopeDataSource, TickscopeQuery, TickscopeOptions>;

const PARTS: Record<QueryType, ComponentType<QueryPartProps>> = {
  candles: CandlesPart,
  oi: OpenInterestPart,
  depth: DepthPart,
  ticks: TicksPart,
  vix: () => null,
  chain: ChainPart,
  movers: MoversPart,
  quality: QualityPart,
  events: EventsPart,
};

const TYPES = Object.entries(QUERY_KINDS).map(([value, { label, description }]) => ({
  value,
  label,
  description,
}));

/** First what to ask for, then what of it, then the fields of that type. Every change runs the query. */
export function QueryEditor({ query, datasource, onChange, onRunQuery }: Props) {
  const type = queryTypeOf(query);
  const kind = QUERY_KINDS[type];
  const run = (next: TickscopeQuery) => {
    onChange(next);
    onRunQuery();
  };
  const patch = (change: Partial<TickscopeQuery>) => run({ ...query, queryType: type, ...change });
  const Part = PARTS[type];
  return (
    <>
      <InlineFieldRow>
        <ChoiceField
          label="Query type"
          tooltip={kind.description}
          choices={TYPES}
          value={type}
          onChange={(next) => run(turnedTo(query, (next ?? type) as QueryType))}
        />
        {kind.views.length > 1 && (
          <ChoiceField
            label="View"
            labelWidth={SHORT_LABEL_WIDTH}
            choices={kind.views}
            value={query.view ?? defaultView(type)}
            onChange={(view) => patch({ view })}
          />
        )}
        {kind.fields.length > 0 && (
          <ChoiceField
            label="Field"
            labelWidth={SHORT_LABEL_WIDTH}
            tooltip="Only this number, for an alert rule or a stat panel. Empty: all of them; an alert rule takes the main one."
            choices={kind.fields.map((value) => ({ value, label: value }))}
            variables={datasource.variableNames()}
            value={query.field === '' ? undefined : query.field}
            placeholder="all"
            clearable
            onChange={(field) => patch({ field })}
          />
        )}
      </InlineFieldRow>
      <Part query={query} datasource={datasource} onPatch={patch} />
    </>
  );
}
