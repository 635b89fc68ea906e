import { InlineFieldRow } from '@grafana/ui';
import React from 'react';
import type { QueryPartProps } from './part';
import { Instruments, LimitText, StreamSwitch } from './shared';

export function TicksPart(props: QueryPartProps) {
  return (
    <>
      <InlineFieldRow>
        <Instruments {...props} />
      </InlineFieldRow>
      <InlineFieldRow>
        <StreamSwitch {...props} />
        {props.query.view === 'history' && <LimitText {...props} />}
      </InlineFieldRow>
    </>
  );
}
