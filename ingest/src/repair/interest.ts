import type { CandleService } from '../candles/candle-service.js';
import type { Clock } from '../clock.js';

/** Who asked for candles this lately is still looking. */
const LOOKING_MS = 10 * 60_000;

/** Which instruments somebody looks at or alerts on: their holes are repaired first. */
export class Interest {
  readonly #lookedAt = new Map<number, number>();
  readonly #watchers: Array<() => Iterable<number>> = [];

  constructor(private readonly clock: Clock) {}

  /** Somebody asked for `token` now. */
  looked(token: number): void {
    this.#lookedAt.set(token, this.clock.now());
  }

  /** Adds whoever knows of lasting interest, such as subscribers of the stream. */
  watch(tokens: () => Iterable<number>): void {
    this.#watchers.push(tokens);
  }

  /** Tokens looked at now or in the last minutes. */
  current(): number[] {
    const since = this.clock.now() - LOOKING_MS;
    for (const [token, at] of this.#lookedAt) if (at < since) this.#lookedAt.delete(token);
    return [...new Set([...this.#lookedAt.keys(), ...this.#watchers.flatMap((tokens) => [...tokens()])])];
  }
}

/** Candles as before, and who is asked for is looked at. */
export function watched(
  candles: Pick<CandleService, 'candles' | 'candlesBatch'>,
  interest: Interest,
): Pick<CandleService, 'candles' | 'candlesBatch'> {
  return {
    candles: (query) => {
      interest.looked(query.instrument.token);
      return candles.candles(query);
    },
    candlesBatch: (queries) => {
      for (const { instrument } of queries) interest.looked(instrument.token);
      return candles.candlesBatch(queries);
    },
  };
}
