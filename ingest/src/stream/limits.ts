/** What one client, and all of them together, may ask of the stream. */
export interface StreamLimits {
  /** Clients at a time. */
  readonly clients: number;
  /** Instruments of one client. */
  readonly symbols: number;
  /** Messages a second that a client may send; `FLOOD` times as many end its connection. */
  readonly messagesPerSecond: number;
  readonly messageBytes: number;
  /** Messages a second of one instrument and channel: one a batch, as the pipeline commits them. */
  readonly updatesPerSecond: number;
  /** Bytes that may wait in a client's socket; above, it gets only the newest of each key when it has caught up. */
  readonly bufferedBytes: number;
  /** A client above that for so long is closed with 1013. */
  readonly slowMs: number;
  /** Between two pings; a client that has not answered the last one is gone. */
  readonly pingMs: number;
}

export const STREAM_LIMITS: StreamLimits = {
  clients: 2_000,
  symbols: 3_000,
  messagesPerSecond: 100,
  messageBytes: 262_144,
  updatesPerSecond: 20,
  bufferedBytes: 1_048_576,
  slowMs: 10_000,
  pingMs: 30_000,
};

/** So many times the allowed messages in a second are no mistake any more. */
export const FLOOD = 5;
