import type { Bar, CandleSeries, Gap } from './bar';

/** Older bars than this many are let go, newest kept. */
const MOST_BARS = 60_000;

/** A span of time, epoch milliseconds. */
export interface Span {
  from: number;
  to: number;
}

/**
 * Everything seen of one series: what the panel's query answered, and older history that was fetched while scrolling.
 * An answer replaces what was known of its span and keeps what lies before it, as long as the two touch.
 */
export class History {
  #series: CandleSeries | undefined;
  #known: Span | undefined;

  get series(): CandleSeries | undefined {
    return this.#series;
  }

  /** The instant up to which older history has been asked for. */
  get from(): number | undefined {
    return this.#known?.from;
  }

  /** Takes the panel's answer for `span`. */
  take(series: CandleSeries, span: Span): void {
    const kept = this.#series;
    const touches = this.#known && this.#known.to >= span.from && this.#known.from < span.from;
    if (!kept || !touches || kept.key !== series.key || differs(kept, series)) {
      this.#series = series;
      this.#known = span;
      return;
    }
    // The answer's first bucket may begin a little before the span.
    const from = Math.min(span.from, series.bars[0]?.time ?? span.from);
    this.#series = join(kept, series, from);
    this.#known = { from: (this.#known as Span).from, to: span.to };
  }

  /** Puts an older answer before what is known. False when it does not belong to this series. */
  prepend(older: CandleSeries, span: Span): boolean {
    const newer = this.#series;
    const known = this.#known;
    if (!newer || !known || older.key !== newer.key || differs(older, newer)) return false;
    this.#series = join(older, newer, known.from);
    this.#known = { from: Math.min(span.from, known.from), to: known.to };
    return true;
  }

  /** Remembers that there is nothing between `from` and what is known. */
  nothingSince(from: number): void {
    if (this.#known) this.#known = { ...this.#known, from: Math.min(from, this.#known.from) };
  }
}

/** An auto interval may answer an older range in another width; such bars do not belong side by side. */
function differs(a: CandleSeries, b: CandleSeries): boolean {
  const width = a.bars.length > 1 && b.bars.length > 1 && a.intervalMs !== b.intervalMs;
  return width || a.extras.join('|') !== b.extras.join('|');
}

/** What `older` has before `seam`, then all of `newer`. */
function join(older: CandleSeries, newer: CandleSeries, seam: number): CandleSeries {
  const first = Math.min(seam, newer.bars[0]?.time ?? seam);
  const bars: Bar[] = [...older.bars.filter((bar) => bar.time < first), ...newer.bars];
  const gaps: Gap[] = [
    ...older.gaps.filter((gap) => gap.from < seam).map((gap) => ({ ...gap, to: Math.min(gap.to, seam) })),
    ...newer.gaps,
  ];
  return {
    ...newer,
    intervalMs: newer.bars.length > 1 ? newer.intervalMs : older.intervalMs || newer.intervalMs,
    bars: bars.length > MOST_BARS ? bars.slice(-MOST_BARS) : bars,
    gaps: joined(gaps),
  };
}

/** Neighbouring gaps of one reason as one. */
function joined(gaps: readonly Gap[]): Gap[] {
  const result: Gap[] = [];
  for (const gap of gaps) {
    const last = result[result.length - 1];
    if (last && last.to === gap.from && last.reason === gap.reason) last.to = gap.to;
    else result.push({ ...gap });
  }
  return result;
}
