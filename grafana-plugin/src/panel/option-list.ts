import type { PanelOptionsEditorBuilder } from '@grafana/data';
import { ColorEditor } from './editors/ColorEditor';
import { ExtraSeriesEditor } from './editors/ExtraSeriesEditor';
import { StudiesEditor } from './editors/StudiesEditor';
import { type CandlesOptions, DEFAULT_OPTIONS } from './options';

const PLACEMENTS = [
  { value: 'off' as const, label: 'Off' },
  { value: 'overlay' as const, label: 'Overlay' },
  { value: 'pane' as const, label: 'Pane' },
];

/** The panel's options, as the editor on the right shows them. */
export function addOptions(builder: PanelOptionsEditorBuilder<CandlesOptions>): void {
  const chart = ['Chart'];
  const fields = ['Volume and other fields'];
  const behaviour = ['Behaviour'];
  builder
    .addSelect({
      path: 'chartType',
      name: 'Style',
      category: chart,
      defaultValue: DEFAULT_OPTIONS.chartType,
      settings: {
        options: [
          { value: 'candles', label: 'Candles' },
          {
            value: 'hollow',
            label: 'Hollow candles',
            description: 'Colour by the close before, hollow when it rose since its open',
          },
          { value: 'bars', label: 'Bars' },
          { value: 'line', label: 'Line' },
          { value: 'heikin-ashi', label: 'Heikin-Ashi' },
        ],
      },
    })
    .addRadio({
      path: 'scale',
      name: 'Price scale',
      description: 'Several instruments are always compared in per cent',
      category: chart,
      defaultValue: DEFAULT_OPTIONS.scale,
      settings: {
        options: [
          { value: 'normal', label: 'Normal' },
          { value: 'log', label: 'Log' },
          { value: 'percent', label: 'Per cent' },
        ],
      },
    })
    .addCustomEditor({
      id: 'upColor',
      path: 'upColor',
      name: 'Rising candles',
      category: chart,
      editor: ColorEditor,
    })
    .addCustomEditor({
      id: 'downColor',
      path: 'downColor',
      name: 'Falling candles',
      category: chart,
      editor: ColorEditor,
    })
    .addBooleanSwitch({
      path: 'sessionBreaks',
      name: 'Session breaks',
      description: 'Thin lines where a trading session ends',
      category: chart,
      defaultValue: DEFAULT_OPTIONS.sessionBreaks,
    })
    .addBooleanSwitch({
      path: 'legend',
      name: 'Legend',
      category: chart,
      defaultValue: DEFAULT_OPTIONS.legend,
    })
    .addRadio({
      path: 'volume',
      name: 'Volume',
      category: fields,
      defaultValue: DEFAULT_OPTIONS.volume,
      settings: { options: PLACEMENTS },
    })
    .addRadio({
      path: 'openInterest',
      name: 'Open interest',
      category: fields,
      defaultValue: DEFAULT_OPTIONS.openInterest,
      settings: { options: PLACEMENTS },
    })
    .addCustomEditor({
      id: 'series',
      path: 'series',
      name: 'Further fields',
      description: 'Any other number of the frame, over the candles or in a pane',
      category: fields,
      defaultValue: [...DEFAULT_OPTIONS.series],
      editor: ExtraSeriesEditor,
    })
    .addCustomEditor({
      id: 'indicators',
      path: 'indicators',
      name: 'Indicators',
      category: ['Indicators'],
      defaultValue: [...DEFAULT_OPTIONS.indicators],
      editor: StudiesEditor,
    })
    .addBooleanSwitch({
      path: 'markers',
      name: 'Annotations',
      description: 'Draw the dashboard’s annotations on the chart',
      category: behaviour,
      defaultValue: DEFAULT_OPTIONS.markers,
    })
    .addBooleanSwitch({
      path: 'zoomSetsTimeRange',
      name: 'Zoom sets the time range',
      description: 'Shift and drag selects a span; it becomes the dashboard’s time range',
      category: behaviour,
      defaultValue: DEFAULT_OPTIONS.zoomSetsTimeRange,
    })
    .addBooleanSwitch({
      path: 'loadOlder',
      name: 'Load older history',
      description: 'Scrolling back beyond the time range asks the panel’s queries for earlier candles',
      category: behaviour,
      defaultValue: DEFAULT_OPTIONS.loadOlder,
    });
}
