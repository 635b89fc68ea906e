import { PanelBuilder as BarChart } from '@grafana/grafana-foundation-sdk/barchart';
import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  AxisPlacement,
  BarGaugeDisplayMode,
  BarGaugeValueMode,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTextDisplayOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as Gauge } from '@grafana/grafana-foundation-sdk/gauge';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { CALM } from './colours.js';
import { named, type Properties } from './overrides.js';
import { type Query, targets } from './queries.js';
import { MIXED } from './sources.js';
import { byThreshold, palette, plain } from './thresholds.js';

/** What every panel must say: its title, what it shows and how to read it, and what an empty one says. */
export interface Words {
  title: string;
  description: string;
  /** Instead of Grafana's "No data": what emptiness means here. */
  empty: string;
}

interface Sourced {
  title(text: string): this;
  description(text: string): this;
  noValue(text: string): this;
  datasource(source: DataSourceRef): this;
  targets(queries: Builder<Dataquery>[]): this;
}

/** Words and queries, the same way for every kind of panel. */
export function begin<T extends Sourced>(panel: T, words: Words, queries: readonly Query[]): T {
  const sources = new Set(queries.map(({ source }) => source.uid));
  const [first] = queries;
  if (first === undefined) throw new Error(`panel "${words.title}" asks for nothing`);
  return panel
    .title(words.title)
    .description(words.description)
    .noValue(words.empty)
    .datasource(sources.size === 1 ? first.source : MIXED)
    .targets(targets(queries));
}

/** What an empty panel says is not what an empty cell says. */
const EMPTY_CELL: Properties = [{ id: 'noValue', value: '–' }];

interface Overridable {
  overrideByName(name: string, properties: Properties): this;
}

/** Says for each field, by its name in the frame, how it differs from the panel's defaults. */
export function columns<T extends Overridable>(panel: T, looks: Record<string, Properties>): T {
  for (const [field, look] of Object.entries(looks)) panel.overrideByName(field, look);
  return panel;
}

const allAtCursor = () =>
  new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);
const bottomLegend = (calcs: string[]) =>
  new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .showLegend(true)
    .calcs(calcs);

/** Thin lines, one tooltip for all of them; a hole stays a hole. */
export function timeSeries(words: Words, ...queries: Query[]): TimeSeries {
  return begin(new TimeSeries(), words, queries)
    .drawStyle(GraphDrawStyle.Line)
    .lineWidth(1)
    .fillOpacity(0)
    .showPoints(VisibilityMode.Never)
    .spanNulls(false)
    .axisPlacement(AxisPlacement.Auto)
    .colorScheme(palette())
    .thresholds(plain(CALM))
    .tooltip(allAtCursor())
    .legend(bottomLegend([]));
}

/** Big values of the last row. `fields` picks columns by a regular expression, in their order. */
export function stat(words: Words, fields: string, ...queries: Query[]): Stat {
  return begin(new Stat(), words, queries)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields(fields).values(false))
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .justifyMode(BigValueJustifyMode.Center)
    .textMode(BigValueTextMode.Auto)
    .orientation(VizOrientation.Auto)
    .colorScheme(byThreshold())
    .thresholds(plain(CALM));
}

/** One value of `facts`: the frame's field, the name that is shown, and how it is shown. */
export type Fact = [field: string, name: string, look?: Properties];

/** Several named values of the last row in one panel, small enough to read side by side. */
export function facts(words: Words, values: readonly Fact[], ...queries: Query[]): Stat {
  const names = values.map(([, name]) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return columns(
    stat(words, `/^(${names.join('|')})$/`, ...queries)
      .textMode(BigValueTextMode.ValueAndName)
      .orientation(VizOrientation.Vertical)
      .text(new VizTextDisplayOptionsBuilder().titleSize(12).valueSize(17))
      .overrideByRegexp('.*', EMPTY_CELL),
    Object.fromEntries(values.map(([field, name, look = []]) => [field, [...named(name), ...look]])),
  );
}

export function gauge(words: Words, fields: string, ...queries: Query[]): Gauge {
  return begin(new Gauge(), words, queries)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields(fields).values(false))
    .showThresholdLabels(false)
    .showThresholdMarkers(true)
    .colorScheme(byThreshold());
}

/** Rows as they come. Columns get their names and units by overrides. */
export function table(words: Words, ...queries: Query[]): Table {
  return begin(new Table(), words, queries)
    .showHeader(true)
    .filterable(false)
    .minWidth(60)
    .colorScheme(byThreshold())
    .thresholds(plain('text'))
    .overrideByRegexp('.*', EMPTY_CELL);
}

/** Horizontal bars, one a series or a row. */
export function barGauge(words: Words, fields: string, rows: boolean, ...queries: Query[]): BarGauge {
  return begin(new BarGauge(), words, queries)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields(fields).values(rows))
    .displayMode(BarGaugeDisplayMode.Basic)
    .valueMode(BarGaugeValueMode.Color)
    .orientation(VizOrientation.Horizontal)
    .showUnfilled(true)
    .colorScheme(byThreshold());
}

/** Bars over categories; `x` is the column that names them. */
export function barChart(words: Words, x: string, ...queries: Query[]): BarChart {
  return begin(new BarChart(), words, queries)
    .xField(x)
    .orientation(VizOrientation.Vertical)
    .stacking(StackingMode.None)
    .showValue(VisibilityMode.Never)
    .barWidth(0.9)
    .groupWidth(0.75)
    .fillOpacity(85)
    .lineWidth(0)
    .colorScheme(palette())
    .tooltip(allAtCursor())
    .legend(bottomLegend([]));
}

/** States over time, one lane a field. */
export function states(words: Words, ...queries: Query[]): StateTimeline {
  return begin(new StateTimeline(), words, queries)
    .mergeValues(true)
    .showValue(VisibilityMode.Auto)
    .rowHeight(0.8)
    .lineWidth(0)
    .fillOpacity(75)
    .colorScheme(byThreshold())
    .legend(bottomLegend([]).showLegend(false));
}
