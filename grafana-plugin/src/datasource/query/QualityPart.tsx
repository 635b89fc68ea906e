import { InlineFieldRow } from '@grafana/ui';
import React from 'react';
import type { QueryPartProps } from './part';
import { Instruments, LimitText } from './shared';

/** Without instruments the question is about the whole market. */
export function QualityPart(props: QueryPartProps) {
  return (
    <InlineFieldRow>
      <Instruments {...props} />
      <LimitText {...props} />
    </InlineFieldRow>
  );
}
