/** A trade or change of open interest as it went out. Prices in paise. */
export interface SentEvent {
  readonly at: number;
  readonly kind: string;
  readonly pricePaise: number;
  readonly quantity: number;
  readonly volume: number;
  readonly oi: number;
}

const MOST_EVENTS_AN_INSTRUMENT = 100_000;

/** What was sent, for tests that count what arrived. Keeps the list of trades only when asked to. */
export class Ledger {
  readonly #events = new Map<number, SentEvent[]>();

  constructor(readonly keepsEvents: boolean) {}

  note(token: number, event: SentEvent): void {
    const events = this.#events.get(token);
    if (!events) this.#events.set(token, [event]);
    else if (events.length < MOST_EVENTS_AN_INSTRUMENT) events.push(event);
  }

  events(token: number): readonly SentEvent[] {
    return this.#events.get(token) ?? [];
  }
}
