/** Every delay of a Kite feed, in milliseconds, so that tests can run a day in a second. */
export interface KiteTimings {
  /** Silence on an open socket after which it is dead. Kite sends a byte a second. */
  readonly bytesSilenceMs: number;
  /** Silence of every instrument in session after which a heartbeating connection is suspect. */
  readonly tickSilenceMs: number;
  /** After a subscribe, packets are snapshots and no proof that the market moves. */
  readonly snapshotMs: number;
  /** Between our own ping frames; a ping unanswered when the next but one is due means a dead socket. */
  readonly pingMs: number;
  readonly handshakeMs: number;
  /** Between two looks at silence. */
  readonly checkMs: number;
  /** First reconnect waits a random part of this, each further one of twice as much. */
  readonly backoffBaseMs: number;
  readonly backoffCapMs: number;
  /** The same for a 429 on the upgrade: a limit is not lifted by asking again soon. */
  readonly rateLimitBaseMs: number;
  readonly rateLimitCapMs: number;
  /** Between attempts while the key may not have this data. */
  readonly noPermissionRetryMs: number;
  /** An open connection that lived this long starts its backoff anew. Longer than `tickSilenceMs`. */
  readonly stableMs: number;
  /** Between reconnects while the whole market is silent. */
  readonly haltReconnectMs: number;
}

export const KITE_TIMINGS: KiteTimings = {
  bytesSilenceMs: 5_000,
  tickSilenceMs: 10_000,
  snapshotMs: 3_000,
  pingMs: 5_000,
  handshakeMs: 10_000,
  checkMs: 500,
  backoffBaseMs: 1_000,
  backoffCapMs: 30_000,
  rateLimitBaseMs: 30_000,
  rateLimitCapMs: 300_000,
  noPermissionRetryMs: 300_000,
  stableMs: 20_000,
  haltReconnectMs: 60_000,
};
