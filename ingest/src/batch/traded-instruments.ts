import type { Instrument } from '../instruments/instrument.js';
import type { SessionGroup } from '../sessions/calendar.js';
import type { IstDate } from '../sessions/ist.js';

/** What the write path asks about instruments: a part of `InstrumentRegistry`. */
export interface TradedInstruments {
  /** Our instrument behind a broker's token, as the broker means it today. */
  byBrokerToken(brokerToken: number): Instrument | undefined;
  /** What the broker calls our instrument now; undefined when it no longer does. */
  brokerToken(token: number): number | undefined;
  /** Whose hours our instrument keeps on an IST date; undefined when nobody knows. */
  sessionGroup(token: number, day: IstDate): SessionGroup | undefined;
}

/** The instruments as they are now: a sync replaces them all. */
export class CurrentInstruments implements TradedInstruments {
  constructor(private now: TradedInstruments) {}

  replace(instruments: TradedInstruments): void {
    this.now = instruments;
  }

  byBrokerToken(brokerToken: number): Instrument | undefined {
    return this.now.byBrokerToken(brokerToken);
  }

  brokerToken(token: number): number | undefined {
    return this.now.brokerToken(token);
  }

  sessionGroup(token: number, day: IstDate): SessionGroup | undefined {
    return this.now.sessionGroup(token, day);
  }
}
