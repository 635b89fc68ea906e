import { css } from '@emotion/css';
import type { GrafanaTheme2, PanelProps } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import React, { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { intervalText } from '../chart/interval';
import { MarketChart } from '../chart/market-chart';
import type { ChartModel } from '../chart/model';
import type { Palette } from '../chart/palette';
import { Legend } from './Legend';
import { ReadingStore } from './reading-store';
import { useSharedCrosshair } from './shared-crosshair';
import { Toolbar } from './Toolbar';
import { Tooltip } from './Tooltip';
import type { Older } from './use-older';

interface Props {
  model: ChartModel;
  palette: Palette;
  older: Older;
  width: number;
  height: number;
  eventBus: PanelProps['eventBus'];
  onChangeTimeRange: PanelProps['onChangeTimeRange'];
}

/** The chart in React: mounts the framework-free core, passes it models, and shows what it tells. */
export function ChartView({ model, palette, older, width, height, eventBus, onChangeTimeRange }: Props) {
  const styles = useStyles2(getStyles);
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<MarketChart | undefined>(undefined);
  const [readings] = useState(() => new ReadingStore());
  const [following, setFollowing] = useState(true);
  const [selecting, setSelecting] = useState(false);
  const publish = useSharedCrosshair(eventBus, chart);
  const { zoomSetsTimeRange } = model.options;

  // What the chart calls back must see the newest props without a new chart.
  const current = useRef({ older, publish, selecting, onChangeTimeRange, zoomSetsTimeRange });
  current.current = { older, publish, selecting, onChangeTimeRange, zoomSetsTimeRange };

  // biome-ignore lint/correctness/useExhaustiveDependencies: size and colours of the first picture; later ones have effects of their own
  useLayoutEffect(() => {
    if (!element.current) return undefined;
    const mounted = new MarketChart({
      element: element.current,
      width,
      height,
      palette,
      now: () => Date.now(),
      selecting: () => current.current.selecting,
      events: {
        onReading: (reading, at) => readings.set({ reading, at }),
        onPoint: (time) => current.current.publish(time),
        onNearOldest: () => current.current.older.ask(),
        onFollowing: setFollowing,
        onSelect: (span) => {
          setSelecting(false);
          if (current.current.zoomSetsTimeRange) current.current.onChangeTimeRange(span);
          else mounted.showSpan(span);
        },
      },
    });
    chart.current = mounted;
    return () => {
      chart.current = undefined;
      mounted.stop();
    };
  }, [readings]);

  useLayoutEffect(() => chart.current?.resize(width, height), [width, height]);
  const painted = useRef(palette);
  useLayoutEffect(() => {
    if (painted.current !== palette) chart.current?.paint(palette, model);
    else chart.current?.show(model);
    painted.current = palette;
  }, [model, palette]);
  useEffect(() => () => readings.set({ reading: undefined, at: undefined }), [readings]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !chart.current?.key(event)) return;
    event.preventDefault();
    event.stopPropagation();
  };

  const { main, options, prints } = model;
  const name = main.name.includes(intervalText(main.intervalMs))
    ? main.name
    : `${main.name} ${intervalText(main.intervalMs)}`;
  return (
    <div className={styles.frame} style={{ width, height }}>
      <div
        ref={element}
        className={styles.chart}
        style={{ cursor: selecting ? 'col-resize' : undefined }}
        role="application"
        aria-label={`${name}: candles. Arrow keys move the crosshair, plus and minus zoom, Home and End go to the ends.`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the chart is worked by keyboard
        tabIndex={0}
        onKeyDown={onKeyDown}
        onMouseDown={() => element.current?.focus({ preventScroll: true })}
        onFocus={() => chart.current?.takeWheel(true)}
        onBlur={() => chart.current?.takeWheel(false)}
        onDoubleClick={() => chart.current?.fit()}
        data-testid="tickscope chart"
      />
      {options.legend && (
        <Legend
          store={readings}
          name={name}
          origin={main.origin}
          prints={prints}
          palette={palette}
          width={width}
          height={height}
          notice={olderNotice(older)}
        />
      )}
      <Tooltip store={readings} width={width} height={height} />
      <Toolbar
        following={following}
        selecting={selecting}
        onNewest={() => chart.current?.toNewest()}
        onSelecting={() => setSelecting(!selecting)}
        onUseView={
          zoomSetsTimeRange
            ? () => {
                const span = chart.current?.visibleSpan();
                if (span) onChangeTimeRange(span);
              }
            : undefined
        }
      />
    </div>
  );
}

function olderNotice({ state }: Older): string | undefined {
  if (state === 'idle') return undefined;
  if (state === 'loading') return 'loading older candles';
  return state === 'exhausted' ? undefined : state;
}

const getStyles = (theme: GrafanaTheme2) => ({
  frame: css({
    position: 'relative',
    overflow: 'hidden',
    '& [data-tickscope-toolbar]': { opacity: 0 },
    '&:hover [data-tickscope-toolbar], &:focus-within [data-tickscope-toolbar]': { opacity: 1 },
  }),
  chart: css({
    position: 'absolute',
    inset: 0,
    '&:focus-visible': { outline: `1px solid ${theme.colors.primary.border}`, outlineOffset: -1 },
    '&:focus:not(:focus-visible)': { outline: 'none' },
  }),
});
