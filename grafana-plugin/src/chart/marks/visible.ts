import type { IChartApiBase, Logical, Time } from 'lightweight-charts';

/** Where slots are on the screen right now, in CSS pixels. */
export interface View {
  /** First and last slot that may be seen, a little more than can be. */
  from: number;
  to: number;
  /** Width of a bar and the space beside it. */
  spacing: number;
  /** Centre of a slot. */
  x(index: number): number;
}

/** The view of a chart; undefined while it has no data or no size. */
export function viewOf(chart: IChartApiBase<Time>): View | undefined {
  const scale = chart.timeScale();
  const range = scale.getVisibleLogicalRange();
  if (!range) return undefined;
  const origin = scale.logicalToCoordinate(0 as Logical);
  const spacing = scale.options().barSpacing;
  if (origin === null) return undefined;
  return {
    from: Math.floor(range.from) - 1,
    to: Math.ceil(range.to) + 1,
    spacing,
    x: (index) => origin + index * spacing,
  };
}
