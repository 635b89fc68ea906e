import type { FeedName } from '../feed.js';

/** What each state means and what moves it on stands at the head of `connection.ts`. */
export type ConnectionState = 'connecting' | 'open' | 'waiting' | 'login_needed' | 'no_permission' | 'closed';

/** Times in epoch milliseconds. */
export interface ConnectionStatus {
  readonly feed: FeedName;
  readonly state: ConnectionState;
  /** Since when it is in this state. */
  readonly since: number;
  readonly lastBytesAt: number | undefined;
  /** Last market-data frame. */
  readonly lastTickAt: number | undefined;
  /** Attempts after the first. */
  readonly reconnects: number;
  readonly subscribed: number;
  readonly nextAttemptAt: number | undefined;
  /** Since when it has been trying to be open and is not, however many attempts that took. */
  readonly notOpenSince: number | undefined;
  /** Why it is not open: a sentence without secrets. */
  readonly reason: string | undefined;
}

/** What metrics want to know. */
export interface FeedObserver {
  connected?(feed: FeedName, connected: boolean): void;
  reconnecting?(feed: FeedName): void;
  ticked?(feed: FeedName, at: number): void;
  subscribed?(feed: FeedName, instruments: number): void;
}
