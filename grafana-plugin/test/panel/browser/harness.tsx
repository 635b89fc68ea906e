/** A page that mounts the real panel with what Grafana would give it, and records what the panel asks of Grafana. */
import {
  createTheme,
  type DataFrame,
  DataHoverClearEvent,
  DataHoverEvent,
  type DataQueryRequest,
  dateTime,
  EventBusSrv,
  LoadingState,
  type PanelProps,
  ThemeContext,
  toDataFrame,
} from '@grafana/data';
import { setDataSourceSrv } from '@grafana/runtime';
import React from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { CandlesPanel } from '../../../src/panel/CandlesPanel';
import type { CandlesOptions } from '../../../src/panel/options';

/** Plain data that a test hands over. Fields are arrays by name. */
export interface Shown {
  frames: { name?: string; refId?: string; fields: object[]; meta?: object }[];
  annotations?: { fields: object[] }[];
  options?: Partial<CandlesOptions>;
  theme?: 'dark' | 'light';
  width?: number;
  height?: number;
  timeZone?: string;
  range: { from: number; to: number };
  /** Raw range; absolute when missing. */
  raw?: { from: string; to: string };
  state?: LoadingState;
  error?: string;
}

export interface Recorded {
  ranges: { from: number; to: number }[];
  hovers: (number | null)[];
  /** Ranges that were asked of the data source for older history. */
  asked: { from: number; to: number }[];
}

/** What a test talks to. */
export interface PanelPage {
  show(shown: Shown): void;
  recorded: Recorded;
  /** Publishes another panel's pointer. */
  hover(time: number | null): void;
  /** Frames for an older range, set by a test. */
  older?: (from: number, to: number) => Shown['frames'] | Promise<Shown['frames']>;
  unmount(): void;
}

declare global {
  interface Window {
    panelPage: PanelPage;
  }
}

const bus = new EventBusSrv();
const own = bus.newScopedBus ? bus.newScopedBus('panel', { onlyLocal: false }) : bus;
const recorded: Recorded = { ranges: [], hovers: [], asked: [] };
bus.getStream(DataHoverEvent).subscribe((event) => {
  if (event.origin === own) recorded.hovers.push(event.payload.point['time'] ?? null);
});
bus.getStream(DataHoverClearEvent).subscribe((event) => {
  if (event.origin === own) recorded.hovers.push(null);
});
const hover = (time: number | null) =>
  bus.publish(time === null ? new DataHoverClearEvent() : new DataHoverEvent({ point: { time } }));

const source = {
  query: async (request: DataQueryRequest) => {
    const [from, to] = [request.range.from.valueOf(), request.range.to.valueOf()];
    recorded.asked.push({ from, to });
    return {
      data: ((await window.panelPage.older?.(from, to)) ?? []).map((frame) => toDataFrame(frame)),
      state: LoadingState.Done,
    };
  },
};
setDataSourceSrv({ get: async () => source } as never);

let root: Root | undefined;
let version = 0;

const show = (shown: Shown) => {
  const theme = createTheme({ colors: { mode: shown.theme ?? 'dark' } });
  document.body.style.background = theme.colors.background.primary;
  document.body.style.fontFamily = theme.typography.fontFamily;
  const [from, to] = [dateTime(shown.range.from), dateTime(shown.range.to)];
  const timeRange = { from, to, raw: shown.raw ?? { from, to } };
  const request = {
    requestId: `Q${++version}`,
    targets: [{ refId: 'A', datasource: { uid: 'fake', type: 'fake' } }],
    range: timeRange,
    maxDataPoints: 800,
    intervalMs: 60_000,
  } as unknown as DataQueryRequest;
  const props = {
    id: 1,
    title: 'Candles',
    width: shown.width ?? 1180,
    height: shown.height ?? 520,
    timeRange,
    timeZone: shown.timeZone ?? 'Asia/Kolkata',
    options: shown.options ?? {},
    data: {
      state: shown.state ?? LoadingState.Done,
      series: shown.frames.map((frame) => toDataFrame(frame) as DataFrame),
      annotations: (shown.annotations ?? []).map((frame) => toDataFrame(frame)),
      timeRange,
      request,
      ...(shown.error ? { errors: [{ message: shown.error }] } : {}),
    },
    eventBus: own,
    onChangeTimeRange: (range: { from: number; to: number }) => recorded.ranges.push(range),
    onOptionsChange: () => undefined,
    onFieldConfigChange: () => undefined,
    replaceVariables: (text: string) => text,
    fieldConfig: { defaults: {}, overrides: [] },
    transparent: false,
    renderCounter: version,
  } as unknown as PanelProps<CandlesOptions>;
  root ??= createRoot(document.getElementById('root') as HTMLElement);
  root.render(
    <ThemeContext.Provider value={theme}>
      <div style={{ width: props.width, height: props.height, margin: 20 }}>
        <CandlesPanel {...props} />
      </div>
    </ThemeContext.Provider>,
  );
};
window.panelPage = {
  show,
  recorded,
  hover,
  unmount: () => {
    root?.unmount();
    root = undefined;
  },
};
