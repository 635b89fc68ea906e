import type { CandleService, RangeHeal } from '../candles/candle-service.js';
import type { Healed } from '../candles/healer.js';
import type { Clock } from '../clock.js';
import type { GapSource } from '../gaps/rows.js';
import { waitAfter } from './backoff.js';

/** What one instrument lacks of one day. Epoch milliseconds. */
export type RepairRequest = Pick<RangeHeal, 'token' | 'from' | 'to' | 'priority'>;

/** Somebody who has minutes of the past: fetches what is missing, judges it and stores it with its coverage. */
export interface RepairSource {
  readonly source: GapSource;
  /** False while only a login there helps. */
  readonly isReady: () => boolean;
  /** Never rejects because of what the other side says: that is in `failures` and `faults`. */
  heal(request: RepairRequest): Promise<Healed>;
}

type Candles = Pick<CandleService, 'healRange' | 'newLane'>;

/** The broker's history, through the same service that answers candle requests: both share fetches under way. */
export function historicalApi(candles: Candles, isReady: () => boolean): RepairSource {
  return { source: 'HISTORICAL_API', isReady, heal: healer(candles) };
}

/**
 * The history of another broker, through a candle service of its own. What it does not give of an instrument it is asked
 * for again later each time: nobody else remembers that it was asked.
 */
export function backupSource(candles: Candles, isReady: () => boolean, clock: Clock): RepairSource {
  const heal = healer(candles);
  const refusals = new Map<
    number,
    { readonly tries: number; readonly until: number; readonly said: Healed }
  >();
  return {
    source: 'BACKUP_SOURCE',
    isReady,
    async heal(request) {
      const before = refusals.get(request.token);
      if (before && clock.now() < before.until) return before.said;
      const said = await heal(request);
      if (said.stored > 0) refusals.delete(request.token);
      else {
        const tries = (before?.tries ?? 0) + 1;
        refusals.set(request.token, { tries, until: clock.now() + waitAfter(tries), said });
      }
      return said;
    },
  };
}

function healer(candles: Candles): RepairSource['heal'] {
  const lane = candles.newLane();
  return (request) => candles.healRange({ ...request, interval: '1m', lane });
}
