import type { SimulatedExchange } from '../exchange.js';
import type { SimulatedInstrument } from '../instrument.js';
import { LiveState } from '../liveState.js';
import {
  FULL_BYTES,
  INDEX_FULL_BYTES,
  type Mode,
  packetBytes,
  writeFullPacket,
  writeIndexPacket,
} from '../packet.js';
import type { Connection } from './connection.js';

interface Subscriber {
  readonly connection: Connection;
  bytes: number;
}

/** An instrument that somebody listens to: its state, its packet as last encoded, and who gets how much of it. */
export class Streamed {
  readonly index: boolean;
  readonly body: Buffer;
  state: LiveState;
  readonly subscribers: Subscriber[] = [];
  /** Packets and trades that reached at least one client. */
  packets = 0;
  trades = 0;
  /** Waits in the queue of what happens next. */
  queued = false;
  /** Has changed since it was last sent (conflation only); with a trade? */
  dirty = false;
  dirtyTrade = false;

  constructor(
    readonly exchange: SimulatedExchange,
    readonly instrument: SimulatedInstrument,
    at: number,
  ) {
    this.index = instrument.type === 'INDEX';
    this.body = Buffer.alloc(this.index ? INDEX_FULL_BYTES : FULL_BYTES);
    this.state = new LiveState(exchange.market, instrument, at);
  }

  /** Encodes the present state. */
  encode(): void {
    if (this.index) writeIndexPacket(this.body, 0, this.state.fields);
    else writeFullPacket(this.body, 0, this.state.fields);
  }

  /** Stamps the state as sent at `at` although nothing happened, never earlier than it says already. */
  stamp(at: number): void {
    const { fields } = this.state;
    const stamp = this.exchange.exchangeTime(this.instrument, fields, at);
    if (stamp > fields.exchangeTime) fields.exchangeTime = stamp;
  }

  setMode(connection: Connection, mode: Mode): void {
    const bytes = packetBytes(mode, this.index);
    const known = this.subscribers.find((s) => s.connection === connection);
    if (known) known.bytes = bytes;
    else this.subscribers.push({ connection, bytes });
  }

  remove(connection: Connection): void {
    const at = this.subscribers.findIndex((s) => s.connection === connection);
    if (at >= 0) this.subscribers.splice(at, 1);
  }

  /** Sends `body` to everybody; true when it reached anybody. */
  deliver(body: Buffer = this.body): boolean {
    let reached = false;
    for (const { connection, bytes } of this.subscribers) {
      if (connection.append(this.instrument.token, body, bytes)) reached = true;
    }
    if (reached) this.packets++;
    return reached;
  }
}
