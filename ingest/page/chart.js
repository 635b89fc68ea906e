import {
  CandlestickSeries,
  ColorType,
  CrosshairMode,
  createChart,
  HistogramSeries,
  LineSeries,
} from '/assets/lightweight-charts.js';
import { bucketOf, INTERVALS } from './candles.js';
import { asClock, asCount, asDate, asDay, asPrice, IST_OFFSET_SECONDS } from './format.js';
import { Holes } from './holes.js';
import { tipOf } from './tip.js';

/** A hole wider than this many bars is drawn shorter: nobody scrolls through a month that was not heard. */
const MOST_BARS_A_HOLE = 120;
/** At first a bar is this wide, so that a phone shows fewer. */
const BAR_AT_FIRST_PX = 7;
/** So near to the oldest bar, older history is asked for. */
const OLDER_AT_BARS = 25;

/** The library knows UTC alone: instants are shifted, so that its axis reads IST. */
const toChart = (ms) => ms / 1000 + IST_OFFSET_SECONDS;
const fromChart = (time) => (time - IST_OFFSET_SECONDS) * 1000;

/** Candles, volume and open interest. `show` may be called each second: what has not changed is not drawn again. */
export class Chart {
  #chart;
  #candles;
  #volume;
  #openInterest;
  #holes = new Holes();
  #loaded;
  #drawn = [];
  #colors;
  #tip;
  #onOlder;

  constructor(element, tip, onOlder) {
    this.#tip = tip;
    this.#onOlder = onOlder;
    this.#chart = createChart(element, {
      autoSize: true,
      layout: { attributionLogo: false, panes: { enableResize: true } },
      crosshair: { mode: CrosshairMode.Normal },
      timeScale: { timeVisible: true, rightOffset: 6, minBarSpacing: 1.2 },
      localization: { timeFormatter: (time) => this.#when(fromChart(time)) },
    });
    this.#candles = this.#chart.addSeries(CandlestickSeries, {
      borderVisible: true,
      priceFormat: { type: 'custom', minMove: 0.01, formatter: asPrice },
    });
    this.#volume = this.#chart.addSeries(
      HistogramSeries,
      {
        priceFormat: { type: 'custom', minMove: 1, formatter: asCount },
        priceLineVisible: false,
        lastValueVisible: false,
      },
      1,
    );
    this.#candles.attachPrimitive(this.#holes);
    this.#chart.panes()[0].setStretchFactor(4);
    this.#chart.panes()[1].setStretchFactor(1);
    this.#chart.subscribeCrosshairMove((event) => this.#hover(event));
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range && this.#drawn.length > 0 && range.from < OLDER_AT_BARS) this.#onOlder();
    });
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', () => this.#paint());
    this.#paint();
  }

  /** Starts over for another instrument or interval. */
  reset(loaded) {
    this.#loaded = loaded;
    this.#drawn = [];
    this.#candles.setData([]);
    this.#volume.setData([]);
    this.#showOpenInterest([]);
    this.#holes.show([], this.#colors.hole);
    this.#tip.hidden = true;
    this.#chart.priceScale('right').applyOptions({ autoScale: true });
    this.#chart.timeScale().applyOptions({ timeVisible: loaded.interval !== '1d' });
  }

  /** Draws what is loaded now. @param now the server's, epoch milliseconds */
  show(now) {
    const { interval } = this.#loaded;
    const bars = this.#loaded.sorted.map((candle) => this.#bar(candle, now, interval));
    const spans = this.#loaded.gaps.map((gap) => whitespace(gap, interval));
    const drawn = withWhitespace(bars, spans);
    const changed = drawn.findIndex((bar, i) => !same(bar, this.#drawn[i]));
    const first = this.#drawn.length === 0 && drawn.length > 0;
    const onlyTail = changed >= this.#drawn.length - 1 && !first && drawn.length >= this.#drawn.length;
    if (changed === -1 && drawn.length === this.#drawn.length) return;
    if (onlyTail) {
      for (const bar of drawn.slice(changed)) {
        this.#candles.update(bar);
        this.#volume.update(volumeOf(bar));
        if (this.#openInterest && bar.openInterest != null)
          this.#openInterest.update({ time: bar.time, value: bar.openInterest });
      }
    } else {
      this.#candles.setData(drawn);
      this.#volume.setData(drawn.map(volumeOf));
      this.#showOpenInterest(drawn.filter((bar) => bar.openInterest != null));
    }
    this.#drawn = drawn;
    this.#holes.show(
      spans
        .filter((bars) => bars.length > 0)
        .map((bars) => ({ first: toChart(bars[0]), last: toChart(bars.at(-1)) })),
      this.#colors.hole,
    );
    if (first) {
      this.#chart.timeScale().setVisibleLogicalRange({
        from: drawn.length - Math.floor(this.#chart.timeScale().width() / BAR_AT_FIRST_PX),
        to: drawn.length + 5,
      });
    }
  }

  #bar(candle, now, interval) {
    const c = this.#colors;
    const healed = candle.source === 'broker' || candle.source === 'mixed';
    const rising = candle.close >= candle.open;
    const hue = healed ? (rising ? c.healedUp : c.healedDown) : rising ? c.up : c.down;
    // Three seconds after its end a candle is settled; a day of ticks is never complete and says so.
    const inProgress = candle.time + INTERVALS[interval] + 3_000 > now;
    const dimmed = !candle.complete && !inProgress;
    const line = dimmed ? faded(hue, 0.5) : hue;
    return {
      time: toChart(candle.time),
      open: candle.open,
      high: candle.high,
      low: candle.low,
      close: candle.close,
      color: inProgress ? 'rgba(0,0,0,0)' : dimmed ? faded(hue, 0.25) : hue,
      borderColor: line,
      wickColor: line,
      volume: candle.volume,
      volumeColor: faded(hue, dimmed ? 0.25 : 0.55),
      openInterest: candle.openInterest,
    };
  }

  #showOpenInterest(bars) {
    if (bars.length === 0) {
      if (this.#openInterest) this.#chart.removeSeries(this.#openInterest);
      this.#openInterest = undefined;
      return;
    }
    this.#openInterest ??= this.#chart.addSeries(
      LineSeries,
      {
        color: this.#colors.oi,
        lineWidth: 2,
        priceLineVisible: false,
        priceFormat: { type: 'custom', minMove: 1, formatter: asCount },
        title: 'OI',
      },
      2,
    );
    this.#chart.panes()[2]?.setStretchFactor(1);
    this.#openInterest.setData(bars.map((bar) => ({ time: bar.time, value: bar.openInterest })));
  }

  #when(ms) {
    return this.#loaded?.interval === '1d' ? asDate(ms) : `${asDay(ms)} ${asClock(ms)}`;
  }

  #hover({ time, point }) {
    if (time === undefined || !point || !this.#loaded) {
      this.#tip.hidden = true;
      return;
    }
    const ms = fromChart(time);
    this.#tip.replaceChildren(...tipOf(this.#when(ms), this.#loaded.candles.get(ms), this.#loaded.gapAt(ms)));
    this.#tip.hidden = false;
    const { clientWidth } = this.#tip.parentElement;
    const right = point.x > clientWidth / 2;
    this.#tip.style.left = right ? '12px' : 'auto';
    this.#tip.style.right = right ? 'auto' : '84px';
    this.#tip.style.top = '56px';
  }

  #paint() {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(`--${name}`).trim();
    this.#colors = {
      up: of('up'),
      down: of('down'),
      healedUp: of('healed-up'),
      healedDown: of('healed-down'),
      hole: of('hole'),
      oi: of('oi'),
    };
    const line = of('line');
    this.#chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: of('surface') },
        textColor: of('soft'),
        fontFamily: 'system-ui, sans-serif',
        panes: { separatorColor: line, separatorHoverColor: faded(of('accent'), 0.3) },
      },
      grid: { vertLines: { color: faded(line, 0.5) }, horzLines: { color: faded(line, 0.5) } },
      rightPriceScale: { borderColor: line },
      timeScale: { borderColor: line },
    });
    this.#openInterest?.applyOptions({ color: this.#colors.oi });
    this.#candles.applyOptions({ priceLineColor: of('accent') });
    this.#drawn = this.#drawn.map(() => undefined);
  }
}

function volumeOf({ time, volume, volumeColor }) {
  return volume === null || volume === undefined ? { time } : { time, value: volume, color: volumeColor };
}

/** The buckets that a hole touches; of a very long one only the ends, so that it stays visible and short. */
function whitespace(gap, interval) {
  const step = INTERVALS[interval];
  const first = bucketOf(gap.from, interval);
  const count = Math.max(1, Math.ceil((gap.to - first) / step));
  const kept = Math.min(count, MOST_BARS_A_HOLE);
  const head = Array.from({ length: kept - 1 }, (_, i) => first + i * step);
  return [...head, first + (count - 1) * step];
}

/** A bar of the chart for each bucket of a hole, so that time goes on in it. */
function withWhitespace(bars, spans) {
  const byTime = new Map(bars.map((bar) => [bar.time, bar]));
  for (const span of spans) {
    for (const ms of span) {
      const time = toChart(ms);
      if (!byTime.has(time)) byTime.set(time, { time });
    }
  }
  return [...byTime.values()].sort((a, b) => a.time - b.time);
}

function same(a, b) {
  return (
    b !== undefined &&
    a.time === b.time &&
    a.close === b.close &&
    a.high === b.high &&
    a.low === b.low &&
    a.volume === b.volume &&
    a.openInterest === b.openInterest &&
    a.color === b.color &&
    a.borderColor === b.borderColor
  );
}

function faded(hex, alpha) {
  const value = Number.parseInt(hex.slice(1), 16);
  return `rgba(${value >> 16}, ${(value >> 8) & 255}, ${value & 255}, ${alpha})`;
}
