import { InlineFieldRow } from '@grafana/ui';
import React from 'react';
import type { QueryPartProps } from './part';
import { HealSwitch, Instruments, IntervalChoice } from './shared';

export function OpenInterestPart(props: QueryPartProps) {
  return (
    <>
      <InlineFieldRow>
        <Instruments {...props} />
      </InlineFieldRow>
      <InlineFieldRow>
        <IntervalChoice {...props} />
        <HealSwitch {...props} />
      </InlineFieldRow>
    </>
  );
}
