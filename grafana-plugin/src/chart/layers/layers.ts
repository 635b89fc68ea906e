import type { CandlesOptions, ChartModel, ExtraSeries, Placement } from '../model';
import { faded, type Palette } from '../palette';
import type { Scene } from '../scene';
import { studyOf } from '../studies/studies';
import type { Study } from '../studies/study';
import { ComparedLayer } from './compared';
import type { Layer, LayerContext } from './layer';
import { PriceLayer } from './price';
import { StudyOverlayLayer } from './study-overlay';
import { StudyPaneLayer } from './study-pane';
import { ValuesLayer } from './values';

/** Volume as an overlay takes the lowest part of the pane. */
const VOLUME_OVERLAY_TOP = 0.82;

/** The studies of a dashboard's settings, each once. */
export function studiesOf(options: CandlesOptions): Study[] {
  const byId = new Map<string, Study>();
  for (const settings of options.indicators) {
    const study = studyOf(settings);
    if (study) byId.set(study.id, study);
  }
  return [...byId.values()];
}

/** Whether any bar has the number; what an index lacks needs no empty pane. */
export function has(model: ChartModel, field: 'volume' | 'openInterest'): boolean {
  return model.main.bars.some((bar) => bar[field] !== null);
}

/** The further fields that are drawn: those of the frame with at least one number. */
export function extrasOf({ main, options }: ChartModel): { extra: ExtraSeries; at: number }[] {
  return options.series.flatMap((extra) => {
    const at = main.extras.indexOf(extra.field);
    return at >= 0 && main.bars.some((bar) => typeof bar.extras[at] === 'number') ? [{ extra, at }] : [];
  });
}

/** Everything drawn for a model, the candles first. */
export function createLayers(
  context: LayerContext,
  model: ChartModel,
  firstSeen: () => number,
): { price: PriceLayer; layers: Layer[] } {
  const { options } = model;
  const price = new PriceLayer(context, options.chartType);
  const layers: Layer[] = [price];
  if (options.volume !== 'off' && has(model, 'volume')) layers.push(volumeLayer(context, options.volume));
  model.others.forEach((other, k) => {
    layers.push(new ComparedLayer(context, other.name, k, firstSeen));
  });
  const studies = studiesOf(options);
  for (const study of studies.filter(({ placement }) => placement === 'price')) {
    layers.push(new StudyOverlayLayer(context, study, price.series));
  }
  if (options.openInterest !== 'off' && has(model, 'openInterest')) {
    layers.push(openInterestLayer(context, options.openInterest));
  }
  for (const { extra, at } of extrasOf(model)) layers.push(extraLayer(context, model, extra, at, price));
  for (const study of studies.filter(({ placement }) => placement === 'pane')) {
    layers.push(new StudyPaneLayer(context, study));
  }
  return { price, layers };
}

function volumeLayer(context: LayerContext, placement: Exclude<Placement, 'off'>): Layer {
  return new ValuesLayer(context, {
    title: 'Volume',
    placement,
    style: 'histogram',
    color: context.palette.weakText,
    print: context.prints.volume,
    value: (scene, index) => scene.slots[index]?.bar?.volume ?? null,
    tint: volumeTint,
    margins: placement === 'overlay' ? { top: VOLUME_OVERLAY_TOP, bottom: 0 } : { top: 0.08, bottom: 0 },
    inLegend: false,
  });
}

function volumeTint(scene: Scene, index: number): string | undefined {
  const bar = scene.slots[index]?.bar;
  if (!bar) return undefined;
  const { palette } = scene;
  const honesty = scene.honesty[index];
  const healed = honesty?.origin === 'broker' || honesty?.origin === 'mixed';
  const rising = bar.close >= bar.open;
  const hue = healed ? (rising ? palette.healedUp : palette.healedDown) : rising ? palette.up : palette.down;
  return faded(hue, honesty?.incomplete || honesty?.inProgress ? 0.22 : 0.45);
}

function openInterestLayer(context: LayerContext, placement: Exclude<Placement, 'off'>): Layer {
  return new ValuesLayer(context, {
    title: 'OI',
    placement,
    style: 'line',
    color: context.palette.openInterest,
    print: context.prints.openInterest,
    value: (scene, index) => scene.slots[index]?.bar?.openInterest ?? null,
    margins: placement === 'overlay' ? { top: 0.2, bottom: 0.3 } : { top: 0.12, bottom: 0.08 },
    inLegend: false,
  });
}

/** A further field over the candles shares their scale when its values are prices too. */
function extraLayer(
  context: LayerContext,
  model: ChartModel,
  extra: ExtraSeries,
  at: number,
  price: PriceLayer,
): Layer {
  const print = context.prints.extra(extra.field);
  const value = (bar: ChartModel['main']['bars'][number]) => bar.extras[at] ?? null;
  if (extra.placement === 'overlay' && extra.style === 'line' && pricesAlike(model, value)) {
    const study: Study = {
      id: `field ${extra.field}`,
      title: extra.field,
      placement: 'price',
      drawn: 'line',
      outputs: [extra.field],
      ...(extra.color ? { color: extra.color } : {}),
      run: () => ({ add: (bar) => [value(bar)], replace: (bar) => [value(bar)] }),
    };
    return new StudyOverlayLayer(
      { ...context, prints: { ...context.prints, price: print } },
      study,
      price.series,
    );
  }
  return new ValuesLayer(context, {
    title: extra.field,
    placement: extra.placement,
    style: extra.style,
    color: extra.color || context.nextColor(),
    print,
    value: (scene, index) => {
      const bar = scene.slots[index]?.bar;
      return bar ? value(bar) : null;
    },
    minMove: 0.0001,
    inLegend: true,
  });
}

/** Values within half and twice the close of their bars are taken for prices. */
function pricesAlike(
  model: ChartModel,
  value: (bar: ChartModel['main']['bars'][number]) => number | null,
): boolean {
  const known = model.main.bars.filter((bar) => value(bar) !== null);
  return (
    known.length > 0 &&
    known.every((bar) => {
      const ratio = (value(bar) as number) / bar.close;
      return ratio > 0.5 && ratio < 2;
    })
  );
}

/** The line colours in turn, beginning after the one that a price drawn as a line takes. */
export function colorTurn(palette: Palette, chartType: CandlesOptions['chartType']): () => string {
  let next = chartType === 'line' ? 1 : 0;
  return () => palette.lines[next++ % palette.lines.length] ?? palette.text;
}
