import { InlineFieldRow } from '@grafana/ui';
import React from 'react';
import type { QueryPartProps } from './part';
import { Instruments, StreamSwitch } from './shared';

export function DepthPart(props: QueryPartProps) {
  return (
    <InlineFieldRow>
      <Instruments {...props} />
      {(props.query.view ?? 'ladder') === 'ladder' && <StreamSwitch {...props} />}
    </InlineFieldRow>
  );
}
