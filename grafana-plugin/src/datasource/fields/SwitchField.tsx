import { InlineField, InlineSwitch } from '@grafana/ui';
import React from 'react';
import { SHORT_LABEL_WIDTH } from './layout';

interface Props {
  label: string;
  tooltip: string;
  value: boolean;
  onChange(value: boolean): void;
}

export function SwitchField({ label, tooltip, value, onChange }: Props) {
  return (
    <InlineField label={label} labelWidth={SHORT_LABEL_WIDTH} tooltip={tooltip}>
      <InlineSwitch
        aria-label={label}
        value={value}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    </InlineField>
  );
}
