import type { FeedName } from '../feed.js';

/** What one open connection has heard. Times in epoch milliseconds. */
export interface Hearing {
  readonly feed: FeedName;
  readonly openedAt: number;
  /** When it last heard an instrument in session, snapshots included; undefined if it never did. */
  readonly lastTickAt: number | undefined;
  /** The same without snapshots: only this shows that the market moves. */
  readonly lastLiveTickAt: number | undefined;
}

export type Verdict =
  | { readonly kind: 'well' }
  /** These connections heartbeat while another one ticks. */
  | { readonly kind: 'stalled'; readonly feeds: readonly FeedName[] }
  /** No connection ticks: dead or halted, only a REST quote can tell. */
  | { readonly kind: 'all_silent'; readonly feeds: readonly FeedName[] };

const WELL: Verdict = { kind: 'well' };

/**
 * Judges connections whose sockets heartbeat. A connection is silent when nothing in session ticked on it
 * for `tickSilenceMs`. It has stalled if meanwhile another one ticked on for at least half of that: at a
 * halt all of them fall silent within a second or two, and the first to do so must not be blamed for it.
 *
 * @param openSince since when a canary has been in continuous session (epoch ms); undefined when none is,
 *   and then silence means nothing
 */
export function judge(
  hearings: readonly Hearing[],
  openSince: number | undefined,
  now: number,
  tickSilenceMs: number,
): Verdict {
  if (openSince === undefined || hearings.length === 0) return WELL;
  const lastHeard = (h: Hearing) => Math.max(h.openedAt, openSince, h.lastTickAt ?? 0);
  const silent = hearings.filter((h) => now - lastHeard(h) >= tickSilenceMs);
  if (silent.length === 0) return WELL;
  const stalled = silent.filter((h) =>
    hearings.some((other) => other !== h && (other.lastLiveTickAt ?? 0) - lastHeard(h) >= tickSilenceMs / 2),
  );
  if (stalled.length > 0) return { kind: 'stalled', feeds: stalled.map((h) => h.feed) };
  if (silent.length === hearings.length) return { kind: 'all_silent', feeds: silent.map((h) => h.feed) };
  return WELL;
}
