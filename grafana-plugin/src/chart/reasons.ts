/** Why a span was not heard, in words. Keys are the `reason` of `candle_gaps` and of the API. */
const REASONS: Readonly<Record<string, string>> = {
  disconnect: 'the connection to the feed was lost',
  stall: 'the feed went silent although it was connected',
  halt: 'trading was halted',
  restart: 'Tickscope was restarting',
  overload: 'the database was away for so long that ticks were dropped',
  not_subscribed: 'nobody had subscribed to the instrument',
  untimed: 'the feed carried no exchange time',
  late: 'ticks came late and are being worked in',
  calendar: 'the trading calendar does not cover this day',
  broker_unavailable: 'the broker could not be asked for it',
  pending: 'it is being fetched from the broker now',
  expired: 'the contract has expired and the broker no longer gives it',
};

/** What to expect of a hole, where it is not plain from its reason. */
const PROSPECTS: Readonly<Record<string, string>> = {
  disconnect: 'Looking at it heals it: refresh in a moment.',
  stall: 'Looking at it heals it: refresh in a moment.',
  restart: 'Looking at it heals it: refresh in a moment.',
  overload: 'Looking at it heals it: refresh in a moment.',
  not_subscribed: 'Looking at it heals it: refresh in a moment.',
  pending: 'Refresh in a moment.',
  broker_unavailable: 'It is tried again by itself.',
  expired: 'It will stay.',
};

/** The reason as a clause without a full stop; an unknown one as it was written. */
export function reasonText(reason: string): string {
  return REASONS[reason] ?? reason.replace(/_/g, ' ');
}

/** A sentence about what happens next, or nothing. */
export function prospectText(reason: string): string | undefined {
  return PROSPECTS[reason];
}

/** `4 s`, `2 min 5 s`, `3 h 10 min`, `2 days`: the length of a span. */
export function lengthText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 1) return `${Math.round(ms)} ms`;
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days} ${days === 1 ? 'day' : 'days'}${hours ? ` ${hours} h` : ''}`;
  if (hours > 0) return `${hours} h${minutes ? ` ${minutes} min` : ''}`;
  if (minutes > 0) return `${minutes} min${seconds % 60 ? ` ${seconds % 60} s` : ''}`;
  return `${seconds} s`;
}
