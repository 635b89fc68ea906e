import type { FeedEnd, FeedName, FeedSink } from '../../src/feed/feed.js';

interface TokensCall<C extends string> {
  call: C;
  feed: FeedName;
  at: number;
  tokens: readonly number[];
}
type Call =
  | TokensCall<'connected'>
  | TokensCall<'subscribed'>
  | TokensCall<'unsubscribed'>
  | { call: 'frame'; feed: FeedName; at: number; bytes: Buffer }
  | { call: 'alive'; feed: FeedName; at: number }
  | { call: 'disconnected'; feed: FeedName; at: number; cause: FeedEnd };

/** Writes down what a feed tells the pipeline; counts every packet as one in session. */
export class RecordingSink implements FeedSink {
  readonly calls: Call[] = [];
  inSession = 1;

  connected(feed: FeedName, at: number, tokens: readonly number[]): void {
    this.calls.push({ call: 'connected', feed, at, tokens });
  }
  subscribed(feed: FeedName, at: number, tokens: readonly number[]): void {
    this.calls.push({ call: 'subscribed', feed, at, tokens });
  }
  unsubscribed(feed: FeedName, at: number, tokens: readonly number[]): void {
    this.calls.push({ call: 'unsubscribed', feed, at, tokens });
  }
  frame(feed: FeedName, frame: Buffer, receivedAt: number): number {
    this.calls.push({ call: 'frame', feed, at: receivedAt, bytes: Buffer.from(frame) });
    return this.inSession;
  }
  alive(feed: FeedName, at: number): void {
    this.calls.push({ call: 'alive', feed, at });
  }
  disconnected(feed: FeedName, at: number, cause: FeedEnd): void {
    this.calls.push({ call: 'disconnected', feed, at, cause });
  }

  of<C extends Call['call']>(call: C): Array<Extract<Call, { call: C }>> {
    return this.calls.filter((c): c is Extract<Call, { call: C }> => c.call === call);
  }
  /** Causes of the ends of `feed`'s connections. */
  ends(feed: FeedName): FeedEnd[] {
    return this.of('disconnected')
      .filter((c) => c.feed === feed)
      .map((c) => c.cause);
  }
}
