import type { TokenStatus } from '../api/services.js';

const MINUTE_MS = 60_000;

export interface TokenFacts {
  readonly hasToken: boolean;
  /** False for a broker whose tokens do not expire, such as the simulator. */
  readonly expires: boolean;
  /** Epoch milliseconds; undefined without a token. */
  readonly expiresAt: number | undefined;
  /** When the market opens next, epoch milliseconds; undefined when the calendar does not say. */
  readonly nextOpenAt: number | undefined;
  readonly now: number;
}

/** Whether the broker's access token lives, and whether it will when it is needed next. */
export function tokenStatus({ hasToken, expires, expiresAt, nextOpenAt, now }: TokenFacts): TokenStatus {
  const dies = expires ? (expiresAt ?? null) : null;
  const valid = hasToken && (dies === null || dies > now);
  const validAtNextOpen = valid && (dies === null || nextOpenAt === undefined || dies > nextOpenAt);
  return { expiresAt: dies, valid, validAtNextOpen, message: sentence() };

  function sentence(): string | null {
    if (!hasToken) return 'A login is needed: run `npx tickscope login`.';
    if (!valid) return "The access token is of an earlier day: run `npx tickscope login` for today's.";
    if (validAtNextOpen || dies === null) return null;
    const minutes = Math.max(1, Math.round((dies - now) / MINUTE_MS));
    const left = minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
    return `The access token dies in ${left}, before the market opens next: log in after that.`;
  }
}
