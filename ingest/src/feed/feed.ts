/** Name of one connection slot, stable over reconnects: `kite-1`, `kite-2`, ... It labels metrics and coverage. */
export type FeedName = string;

export type FeedMode = 'ltp' | 'quote' | 'full';

/** Why a connection ended. */
export type FeedEnd = 'disconnect' | 'stall' | 'halt' | 'restart';

/**
 * What a feed tells the pipeline. Calls come in the order of receipt, from one thread.
 * Tokens are the broker's; times are epoch milliseconds of our clock.
 */
export interface FeedSink {
  /**
   * The socket is open and these instruments were asked for: each will answer with a snapshot.
   * `tokens` are the ones that this connection owns. Frames may also hold packets of others (the canaries
   * that every connection carries): they count for `frame`'s answer, but are another connection's to store.
   */
  connected(feed: FeedName, at: number, tokens: readonly number[]): void;
  /** More instruments on a live connection. */
  subscribed(feed: FeedName, at: number, tokens: readonly number[]): void;
  unsubscribed(feed: FeedName, at: number, tokens: readonly number[]): void;
  /**
   * One market-data frame, as received (never a heartbeat). The buffer is the sink's only during the call.
   * @returns how many of its packets came from instruments that are in continuous session now.
   */
  frame(feed: FeedName, frame: Buffer, receivedAt: number): number;
  /** Bytes were heard, heartbeats included; at most once a second. */
  alive(feed: FeedName, at: number): void;
  /** The connection is gone or given up. Coverage ends at its last data packet, not at `at`. */
  disconnected(feed: FeedName, at: number, cause: FeedEnd): void;
}
