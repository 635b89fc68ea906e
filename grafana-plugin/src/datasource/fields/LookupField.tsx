import type { SelectableValue } from '@grafana/data';
import { AsyncSelect, InlineField } from '@grafana/ui';
import React, { useMemo } from 'react';
import type { TickscopeDataSource } from '../datasource';
import type { TickscopeVariableQuery } from '../types';
import { debounced } from './debounced';
import { CONTROL_WIDTH, LABEL_WIDTH } from './layout';

interface Props {
  label: string;
  tooltip?: string;
  datasource: Pick<TickscopeDataSource, 'variableOptions' | 'variableNames'>;
  /** What to list: the same that a dashboard variable would. */
  lookup: Omit<TickscopeVariableQuery, 'refId'>;
  value: string | undefined;
  placeholder?: string;
  /** Offered before what was found, e.g. `nearest`. */
  first?: Array<SelectableValue<string>>;
  onChange(value: string | undefined): void;
}

/** One of what the market has now (an underlying, an expiry), or a variable, or free text. */
export function LookupField(props: Props) {
  const { label, tooltip, datasource, lookup, value, onChange } = props;
  const key = JSON.stringify(lookup);
  const loadOptions = useMemo(
    () =>
      debounced<SelectableValue<string>>(async (search) => {
        const query: TickscopeVariableQuery = { refId: 'lookup', ...(JSON.parse(key) as Props['lookup']) };
        const found = await datasource.variableOptions(query).catch(() => []);
        const wanted = search.toLowerCase();
        return [
          ...(props.first ?? []),
          ...datasource
            .variableNames()
            .map((name) => ({ value: name, label: name, description: 'Dashboard variable' })),
          ...found.map((one) => ({ value: one.value, label: one.text })),
        ].filter((one) => `${one.label} ${one.value}`.toLowerCase().includes(wanted));
      }),
    [datasource, key, props.first],
  );
  return (
    <InlineField label={label} labelWidth={LABEL_WIDTH} {...(tooltip === undefined ? {} : { tooltip })}>
      <AsyncSelect<string>
        // Another lookup (another underlying) has other choices: start afresh instead of showing the old ones.
        key={key}
        aria-label={label}
        width={CONTROL_WIDTH}
        loadOptions={loadOptions}
        defaultOptions
        allowCustomValue
        isClearable
        placeholder={props.placeholder ?? 'Choose'}
        value={value === undefined || value === '' ? null : { value, label: value }}
        onChange={(next) => onChange((next as SelectableValue<string> | null)?.value)}
      />
    </InlineField>
  );
}
