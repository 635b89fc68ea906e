import type { SelectableValue } from '@grafana/data';
import { InlineField, InlineFieldRow, MultiSelect } from '@grafana/ui';
import React from 'react';
import { LABEL_WIDTH } from '../fields/layout';
import type { EventKind } from '../types';
import type { QueryPartProps } from './part';
import { Instruments } from './shared';

export const EVENT_KINDS: Array<SelectableValue<EventKind> & { value: EventKind }> = [
  { value: 'hole', label: 'Holes', description: 'The feed was down, stalled or overloaded' },
  { value: 'repair', label: 'Repairs', description: 'A hole was filled from the broker' },
  { value: 'regime', label: 'VIX regimes', description: 'Low, normal, high, extreme' },
  { value: 'vix_spike', label: 'VIX spikes' },
  { value: 'session', label: 'Sessions', description: 'Open and close' },
];

export function EventsPart(props: QueryPartProps) {
  const { query, onPatch } = props;
  return (
    <>
      <InlineFieldRow>
        <InlineField label="Kinds" labelWidth={LABEL_WIDTH} tooltip="None chosen: all of them" grow>
          <MultiSelect<EventKind>
            aria-label="Kinds"
            options={EVENT_KINDS}
            value={query.kinds ?? []}
            placeholder="all"
            closeMenuOnSelect={false}
            onChange={(chosen) => onPatch({ kinds: chosen.flatMap((one) => one.value ?? []) })}
          />
        </InlineField>
      </InlineFieldRow>
      <InlineFieldRow>
        <Instruments {...props} />
      </InlineFieldRow>
    </>
  );
}
