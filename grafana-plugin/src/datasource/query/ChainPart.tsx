import { InlineFieldRow } from '@grafana/ui';
import React from 'react';
import { LookupField } from '../fields/LookupField';
import { SHORT_LABEL_WIDTH } from '../fields/layout';
import { countOf, TextField } from '../fields/TextField';
import type { QueryPartProps } from './part';

const NEAREST = [{ value: 'nearest', label: 'nearest', description: 'The next expiry, whichever day it is' }];

export function ChainPart({ query, datasource, onPatch }: QueryPartProps) {
  return (
    <InlineFieldRow>
      <LookupField
        label="Underlying"
        tooltip="As the broker names it: NIFTY, BANKNIFTY, RELIANCE"
        datasource={datasource}
        lookup={{ kind: 'underlying' }}
        value={query.underlying}
        onChange={(underlying = '') => onPatch({ underlying, expiry: 'nearest' })}
      />
      <LookupField
        label="Expiry"
        datasource={datasource}
        lookup={{ kind: 'expiry', underlying: query.underlying ?? '' }}
        first={NEAREST}
        value={query.expiry === undefined || query.expiry === '' ? 'nearest' : query.expiry}
        onChange={(expiry = 'nearest') => onPatch({ expiry })}
      />
      <TextField
        label="Strikes"
        labelWidth={SHORT_LABEL_WIDTH}
        tooltip="On each side of the money"
        value={String(query.strikes ?? '')}
        placeholder="10"
        width={8}
        onChange={(text) => onPatch({ strikes: countOf(text) })}
      />
    </InlineFieldRow>
  );
}
