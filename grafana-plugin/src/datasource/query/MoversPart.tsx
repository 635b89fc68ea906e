import { InlineFieldRow } from '@grafana/ui';
import React from 'react';
import { ChoiceField } from '../fields/ChoiceField';
import { SHORT_LABEL_WIDTH } from '../fields/layout';
import { defaultView } from './kinds';
import type { QueryPartProps } from './part';
import { LimitText } from './shared';

const SEGMENTS = ['NSE', 'BSE', 'INDICES', 'NFO-FUT', 'NFO-OPT', 'BFO-FUT', 'BFO-OPT', 'MCX-FUT', 'CDS-FUT'];
const TYPES = ['EQ', 'INDEX', 'FUT', 'CE', 'PE'];
const ORDERS = [
  { value: 'absolute', label: 'Biggest moves' },
  { value: 'gainers', label: 'Gainers' },
  { value: 'losers', label: 'Losers' },
  { value: 'volume', label: 'Volume' },
  { value: 'volume_ratio', label: 'Volume against 5 days' },
];
const WINDOWS = [
  { value: 'day', label: 'Since yesterday' },
  { value: 'open', label: "Since the day's open" },
  { value: '1m', label: 'Last minute' },
  { value: '5m', label: 'Last 5 minutes' },
  { value: '15m', label: 'Last 15 minutes' },
];

const named = (values: string[]) => values.map((value) => ({ value, label: value }));

export function MoversPart(props: QueryPartProps) {
  const { query, datasource, onPatch } = props;
  const variables = datasource.variableNames();
  const view = query.view ?? defaultView('movers');
  return (
    <InlineFieldRow>
      <ChoiceField
        label="Segment"
        choices={named(SEGMENTS)}
        variables={variables}
        value={query.segment ?? 'NSE'}
        width={16}
        onChange={(segment) => onPatch({ segment: segment ?? 'NSE' })}
      />
      <ChoiceField
        label="Type"
        labelWidth={SHORT_LABEL_WIDTH}
        choices={named(TYPES)}
        variables={variables}
        value={query.instrumentType === '' ? undefined : query.instrumentType}
        placeholder="all"
        clearable
        width={12}
        onChange={(instrumentType) => onPatch({ instrumentType: instrumentType ?? '' })}
      />
      {view === 'movers' && (
        <>
          <ChoiceField
            label="Order"
            labelWidth={SHORT_LABEL_WIDTH}
            choices={ORDERS}
            variables={variables}
            value={query.by ?? 'absolute'}
            onChange={(by) => onPatch({ by: by ?? 'absolute' })}
          />
          <ChoiceField
            label="Window"
            labelWidth={SHORT_LABEL_WIDTH}
            choices={WINDOWS}
            variables={variables}
            value={query.window ?? 'day'}
            onChange={(window) => onPatch({ window: window ?? 'day' })}
          />
        </>
      )}
      {view !== 'breadth' && <LimitText {...props} />}
    </InlineFieldRow>
  );
}
