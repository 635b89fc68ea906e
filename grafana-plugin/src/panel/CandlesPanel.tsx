import { LoadingState, type PanelProps } from '@grafana/data';
import React, { useState } from 'react';
import type { FrameLike } from '../chart/frame';
import { ChartView } from './ChartView';
import { Message } from './Message';
import { messageOf } from './no-candles';
import type { CandlesOptions } from './options';
import { SeriesStore } from './series-store';
import { rangeKeyOf, usePanelModel } from './use-model';
import { useOlder } from './use-older';

/** The candles panel: a chart when there are candles, else a message that says what to do. */
export function CandlesPanel(props: PanelProps<CandlesOptions>) {
  const { data, width, height, eventBus, onChangeTimeRange } = props;
  const [store] = useState(() => new SeriesStore());
  const loadOlder = props.options?.loadOlder ?? true;
  const older = useOlder(store, data.request, loadOlder, rangeKeyOf(data.timeRange));
  const { model, palette } = usePanelModel(props, store, older.version);
  if (!model) {
    const error = data.errors?.[0]?.message ?? data.error?.message ?? data.error?.data?.message;
    const failed = data.state === LoadingState.Error ? (error ?? 'The data source gave no reason.') : error;
    const loading = data.state === LoadingState.Loading || data.state === LoadingState.NotStarted;
    return (
      <Message
        message={messageOf(data.series as unknown as FrameLike[], failed, loading)}
        width={width}
        height={height}
      />
    );
  }
  return (
    <ChartView
      model={model}
      palette={palette}
      older={older}
      width={width}
      height={height}
      eventBus={eventBus}
      onChangeTimeRange={onChangeTimeRange}
    />
  );
}
