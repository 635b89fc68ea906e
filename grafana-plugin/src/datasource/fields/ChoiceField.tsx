import type { SelectableValue } from '@grafana/data';
import { InlineField, Select } from '@grafana/ui';
import React from 'react';
import { CONTROL_WIDTH, LABEL_WIDTH } from './layout';

interface Props {
  label: string;
  tooltip?: string;
  value: string | undefined;
  choices: Array<SelectableValue<string>>;
  /** Dashboard variables, when the field may hold one; without them only the choices are allowed. */
  variables?: string[];
  placeholder?: string;
  clearable?: boolean;
  width?: number;
  labelWidth?: number;
  onChange(value: string | undefined): void;
}

/** One of a short list, or a variable. */
export function ChoiceField(props: Props) {
  const { label, tooltip, value, choices, variables, onChange } = props;
  const options: Array<SelectableValue<string>> = [
    ...choices,
    ...(variables ?? []).map((name) => ({ value: name, label: name, description: 'Dashboard variable' })),
  ];
  // What is stored but not in the list (a variable of another dashboard, a newer version's word) is still shown.
  const chosen =
    value === undefined ? null : (options.find((one) => one.value === value) ?? { value, label: value });
  return (
    <InlineField
      label={label}
      labelWidth={props.labelWidth ?? LABEL_WIDTH}
      {...(tooltip === undefined ? {} : { tooltip })}
    >
      <Select<string>
        aria-label={label}
        width={props.width ?? CONTROL_WIDTH}
        options={options}
        value={chosen}
        allowCustomValue={variables !== undefined}
        isClearable={props.clearable ?? false}
        placeholder={props.placeholder ?? 'Choose'}
        onChange={(next) => onChange((next as SelectableValue<string> | null)?.value)}
      />
    </InlineField>
  );
}
