import { PanelPlugin, type PanelProps } from '@grafana/data';
import React from 'react';

function Candles({ data }: PanelProps) {
  return <div>{data.series.length} series</div>;
}

export const plugin = new PanelPlugin(Candles);
