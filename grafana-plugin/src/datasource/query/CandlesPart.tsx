import { InlineFieldRow } from '@grafana/ui';
import React from 'react';
import { ChoiceField } from '../fields/ChoiceField';
import { SHORT_LABEL_WIDTH } from '../fields/layout';
import type { Fill } from '../types';
import type { QueryPartProps } from './part';
import { HealSwitch, Instruments, IntervalChoice, StreamSwitch } from './shared';

const FILLS = [
  { value: 'none', label: 'none', description: 'A bucket without a trade has no candle' },
  { value: 'previous', label: 'previous', description: 'It repeats the last close, with no volume' },
];

export function CandlesPart(props: QueryPartProps) {
  const { query, onPatch } = props;
  return (
    <>
      <InlineFieldRow>
        <Instruments {...props} />
      </InlineFieldRow>
      <InlineFieldRow>
        <IntervalChoice {...props} />
        <ChoiceField
          label="Fill"
          labelWidth={SHORT_LABEL_WIDTH}
          tooltip="What to show for a bucket in which nothing traded. Holes in the feed are never filled."
          choices={FILLS}
          value={query.fill ?? 'none'}
          width={14}
          onChange={(fill) => onPatch({ fill: (fill ?? 'none') as Fill })}
        />
        <HealSwitch {...props} />
        <StreamSwitch {...props} />
      </InlineFieldRow>
    </>
  );
}
