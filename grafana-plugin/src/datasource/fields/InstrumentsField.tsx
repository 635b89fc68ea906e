import type { SelectableValue } from '@grafana/data';
import { AsyncMultiSelect, InlineField } from '@grafana/ui';
import React, { useMemo } from 'react';
import type { TickscopeDataSource } from '../datasource';
import { debounced } from './debounced';
import { LABEL_WIDTH } from './layout';

interface Props {
  datasource: Pick<TickscopeDataSource, 'searchInstruments' | 'variableNames'>;
  value: string[];
  onChange(instruments: string[]): void;
}

/** What was typed fits a dashboard's variable: offered first, because a saved dashboard should follow its selectors. */
function fittingVariables(names: string[], search: string): Array<SelectableValue<string>> {
  const wanted = search.toLowerCase();
  return names
    .filter((name) => name.toLowerCase().includes(wanted))
    .map((name) => ({ value: name, label: name, description: 'Dashboard variable' }));
}

/** Instruments, by a search that forgives; variables, tokens and `watchlist:NAME` as free text. */
export function InstrumentsField({ datasource, value, onChange }: Props) {
  const loadOptions = useMemo(
    () =>
      debounced<SelectableValue<string>>(async (search) => {
        const variables = fittingVariables(datasource.variableNames(), search);
        const found = search.startsWith('$')
          ? []
          : await datasource.searchInstruments(search).catch(() => []);
        return [...variables, ...found.map((one) => ({ ...one, label: one.value }))];
      }),
    [datasource],
  );
  return (
    <InlineField
      label="Instruments"
      labelWidth={LABEL_WIDTH}
      tooltip="Symbol, name or contract: infy, reliance industries, nifty 25000 ce. Also $variable, a token, watchlist:NAME."
      grow
    >
      <AsyncMultiSelect<string>
        aria-label="Instruments"
        placeholder="Search: infy, nifty 25000 ce, $instrument"
        noOptionsMessage="Nothing found: try the symbol, the name, or underlying, strike and ce/pe"
        loadingMessage="Searching"
        loadOptions={loadOptions}
        defaultOptions
        allowCustomValue
        formatCreateLabel={(text) => `Use ${text}`}
        closeMenuOnSelect={false}
        isClearable
        value={value.map((one) => ({ value: one, label: one }))}
        onChange={(chosen) => onChange(chosen.flatMap((one) => one.value?.trim() || []))}
      />
    </InlineField>
  );
}
