import { InlineField, Input } from '@grafana/ui';
import React, { useEffect, useState } from 'react';
import { LABEL_WIDTH } from './layout';

interface Props {
  label: string;
  tooltip?: string;
  value: string;
  placeholder?: string;
  width?: number;
  labelWidth?: number;
  onChange(value: string): void;
}

/** Text that is taken on Enter or when one leaves the field: a query a keystroke would load the broker for nothing. */
export function TextField({ label, tooltip, value, placeholder, width, labelWidth, onChange }: Props) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const take = () => {
    if (text.trim() !== value) {
      onChange(text.trim());
    }
  };
  return (
    <InlineField
      label={label}
      labelWidth={labelWidth ?? LABEL_WIDTH}
      {...(tooltip === undefined ? {} : { tooltip })}
    >
      <Input
        aria-label={label}
        width={width ?? 14}
        value={text}
        placeholder={placeholder ?? ''}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            take();
          }
        }}
      />
    </InlineField>
  );
}

/** A whole number above zero, or a variable; empty is the default. */
export function countOf(text: string): number | string | undefined {
  if (text.includes('$')) {
    return text;
  }
  const count = Number(text);
  return text === '' || !Number.isInteger(count) || count < 1 ? undefined : count;
}
