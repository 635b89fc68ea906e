import type { CandleSeries } from '../chart/bar';
import { History, type Span } from '../chart/history';
import type { ReadFrame } from '../chart/read-frames';

/** The history of each series of a panel, by key. */
export class SeriesStore {
  #histories = new Map<string, History>();
  #main: string | undefined;

  /**
   * Takes an answer of the panel's queries.
   * @param keep whether what was seen before the span is kept
   * @returns the series in the answer's order
   */
  take(read: readonly ReadFrame[], span: Span, keep: boolean): CandleSeries[] {
    const next = new Map<string, History>();
    this.#main = read[0]?.series.key;
    const series = read.map(({ series: answered }) => {
      const history = (keep ? this.#histories.get(answered.key) : undefined) ?? new History();
      history.take(answered, span);
      next.set(answered.key, history);
      return history.series ?? answered;
    });
    this.#histories = next;
    return series;
  }

  /** All series, as they are now, in the answer's order. */
  get series(): CandleSeries[] {
    return [...this.#histories.values()].flatMap(({ series }) => series ?? []);
  }

  /** The instant before which nothing of the first series is known. */
  get knownFrom(): number | undefined {
    return this.#mainHistory?.from;
  }

  get intervalMs(): number {
    return this.#mainHistory?.series?.intervalMs ?? 0;
  }

  /** Puts an older answer before the series. False when it has no candle for the first one. */
  prepend(read: readonly ReadFrame[], span: Span): boolean {
    let found = false;
    for (const [key, history] of this.#histories) {
      const older = read.find(({ series }) => series.key === key)?.series;
      if (!older || older.bars.length === 0) {
        history.nothingSince(span.from);
        continue;
      }
      // An answer may be cut to its newest candles; what lies before them has not been answered.
      const from = Math.min(older.bars[0]?.time ?? span.from, ...older.gaps.map((gap) => gap.from));
      const taken = history.prepend(older, { from, to: span.to });
      if (key === this.#main) found = taken;
    }
    return found;
  }

  get #mainHistory(): History | undefined {
    return this.#main === undefined ? undefined : this.#histories.get(this.#main);
  }
}
