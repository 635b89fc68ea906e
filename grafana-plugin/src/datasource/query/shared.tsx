import React from 'react';
import { ChoiceField } from '../fields/ChoiceField';
import { InstrumentsField } from '../fields/InstrumentsField';
import { SHORT_LABEL_WIDTH } from '../fields/layout';
import { SwitchField } from '../fields/SwitchField';
import { countOf, TextField } from '../fields/TextField';
import type { QueryPartProps } from './part';

const INTERVALS = [
  { value: 'auto', label: 'auto', description: 'As fine as the panel can show' },
  { value: '1m', label: '1m' },
  { value: '5m', label: '5m' },
  { value: '15m', label: '15m' },
  { value: '1h', label: '1h' },
  { value: '1d', label: '1d' },
];

export function Instruments({ query, datasource, onPatch }: QueryPartProps) {
  return (
    <InstrumentsField
      datasource={datasource}
      value={query.instruments ?? []}
      onChange={(instruments) => onPatch({ instruments })}
    />
  );
}

export function IntervalChoice({ query, datasource, onPatch }: QueryPartProps) {
  return (
    <ChoiceField
      label="Interval"
      tooltip="auto: the finest whose candles fit the panel's width"
      choices={INTERVALS}
      variables={datasource.variableNames()}
      value={query.interval ?? 'auto'}
      width={14}
      onChange={(interval) => onPatch({ interval: interval ?? 'auto' })}
    />
  );
}

export function HealSwitch({ query, onPatch }: QueryPartProps) {
  return (
    <SwitchField
      label="Heal"
      tooltip="Fetch what is missing from the broker before answering. Off: show what is stored, holes included."
      value={query.heal ?? true}
      onChange={(heal) => onPatch({ heal })}
    />
  );
}

export function StreamSwitch({ query, onPatch }: QueryPartProps) {
  return (
    <SwitchField
      label="Stream"
      tooltip="Follow the market between refreshes, when the time range ends now"
      value={query.stream ?? false}
      onChange={(stream) => onPatch({ stream })}
    />
  );
}

export function LimitText({ query, onPatch }: QueryPartProps) {
  return (
    <TextField
      label="Limit"
      labelWidth={SHORT_LABEL_WIDTH}
      tooltip="Rows at most. Empty: the default."
      value={String(query.limit ?? '')}
      placeholder="default"
      width={10}
      onChange={(text) => onPatch({ limit: countOf(text) })}
    />
  );
}
