import type { PanelProps, TimeRange } from '@grafana/data';
import { useTheme2 } from '@grafana/ui';
import { useMemo } from 'react';
import type { FrameLike } from '../chart/frame';
import type { ChartModel } from '../chart/model';
import type { Palette } from '../chart/palette';
import { readFrames } from '../chart/read-frames';
import { notesOf } from './notes';
import { type CandlesOptions, completeOptions } from './options';
import { localeOf, printsOf } from './prints';
import type { SeriesStore } from './series-store';
import { paletteOf } from './theme';

/** A picture to draw and its colours; no model while there are no candles. */
export interface PanelModel {
  model: ChartModel | undefined;
  palette: Palette;
  options: CandlesOptions;
}

type Props = Pick<PanelProps<CandlesOptions>, 'data' | 'options' | 'timeZone'>;

/** @param olderVersion changes when the store has got older history */
export function usePanelModel(props: Props, store: SeriesStore, olderVersion: number): PanelModel {
  const { data, timeZone } = props;
  const theme = useTheme2();
  const options = useMemo(() => completeOptions(props.options), [props.options]);
  const palette = useMemo(
    () => paletteOf(theme, options.upColor, options.downColor),
    [theme, options.upColor, options.downColor],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: `olderVersion` says that the store has changed
  const model = useMemo((): ChartModel | undefined => {
    const read = readFrames(data.series as unknown as FrameLike[]).filter(
      ({ series }) => series.bars.length > 0 || series.gaps.length > 0,
    );
    const first = read[0];
    if (!first) return undefined;
    // The data's own range: while a query runs, the dashboard's is already the next one.
    const range = { from: data.timeRange.from.valueOf(), to: data.timeRange.to.valueOf() };
    const [main, ...others] = store.take(read, range, options.loadOlder);
    if (!main) return undefined;
    return {
      main,
      others: others.filter((other) => other.bars.length > 0),
      notes: notesOf(data.annotations as unknown as FrameLike[] | undefined, theme, palette.annotation),
      options,
      prints: printsOf(first.fields, main.intervalMs, localeOf(main.honest), theme, timeZone),
      timeZone,
      range,
      rangeKey: rangeKeyOf(data.timeRange),
    };
  }, [data, options, theme, palette, timeZone, store, olderVersion]);
  return { model, palette, options };
}

/** A relative range stays the same while the clock moves on; an absolute one is its ends. */
export function rangeKeyOf({ raw }: TimeRange): string {
  const text = (end: unknown) =>
    typeof end === 'string' ? end : String((end as { valueOf(): number }).valueOf());
  return `${text(raw.from)}|${text(raw.to)}`;
}
