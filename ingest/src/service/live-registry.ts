import type { Broker } from '../broker/broker.js';
import type { Clock } from '../clock.js';
import type { Database } from '../db/database.js';
import { InstrumentRegistry } from '../instruments/registry.js';
import { type InstrumentSync, syncInstruments } from '../instruments/store.js';

/** The registry of the moment: replaced as a whole after each sync, so whoever asks always sees one consistent list. */
export class LiveRegistry {
  readonly #listeners: Array<(registry: InstrumentRegistry) => void> = [];
  #current: InstrumentRegistry;
  #syncing: Promise<InstrumentSync> | undefined;
  #syncedAt: number | undefined;

  private constructor(
    readonly db: Database,
    readonly broker: Broker,
    readonly clock: Clock,
    first: InstrumentRegistry,
  ) {
    this.#current = first;
  }

  static async open(db: Database, broker: Broker, clock: Clock): Promise<LiveRegistry> {
    return new LiveRegistry(db, broker, clock, await InstrumentRegistry.load(db, broker.name));
  }

  get current(): InstrumentRegistry {
    return this.#current;
  }

  /** When the list of the moment was asked for, epoch milliseconds; undefined when that was before this process. */
  get syncedAt(): number | undefined {
    return this.#syncedAt;
  }

  /** Takes the broker's dump; calls at the same time share one. @throws BrokerError */
  sync(): Promise<InstrumentSync> {
    this.#syncing ??= this.#sync().finally(() => {
      this.#syncing = undefined;
    });
    return this.#syncing;
  }

  /** Called with each new list. */
  onChange(listener: (registry: InstrumentRegistry) => void): void {
    this.#listeners.push(listener);
  }

  async #sync(): Promise<InstrumentSync> {
    const askedAt = this.clock.now();
    const dump = await this.broker.instruments();
    const result = await syncInstruments(this.db, this.broker.name, dump, this.clock.now());
    this.#current = await InstrumentRegistry.load(this.db, this.broker.name);
    this.#syncedAt = askedAt;
    for (const listener of this.#listeners) listener(this.#current);
    return result;
  }
}
