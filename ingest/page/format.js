/** How numbers and instants are written: Indian digit groups, IST. */
const price = new Intl.NumberFormat('en-IN', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat('en-IN', { maximumFractionDigits: 0 });
const zone = 'Asia/Kolkata';
const clock = new Intl.DateTimeFormat('en-IN', {
  timeZone: zone,
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const seconds = new Intl.DateTimeFormat('en-IN', { timeZone: zone, timeStyle: 'medium', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat('en-IN', {
  timeZone: zone,
  weekday: 'short',
  day: 'numeric',
  month: 'short',
});
const dayOfYear = new Intl.DateTimeFormat('en-IN', {
  timeZone: zone,
  day: 'numeric',
  month: 'short',
  year: 'numeric',
});
const DASH = '–';

export const IST_OFFSET_SECONDS = 19_800;

export const asPrice = (value) => (value === null || value === undefined ? DASH : price.format(value));
export const asCount = (value) => (value === null || value === undefined ? DASH : whole.format(value));
export const asClock = (ms) => clock.format(ms);
export const asSeconds = (ms) => seconds.format(ms);
export const asDay = (ms) => day.format(ms);
export const asDate = (ms) => dayOfYear.format(ms);
export const asShare = (value) =>
  value === null ? DASH : `${(Math.floor(value * 10_000) / 100).toFixed(2)} %`;

export function asDuration(ms) {
  const s = Math.round(ms / 1000);
  if (s < 90) return `${s} s`;
  if (s < 5400) return `${Math.round(s / 60)} min`;
  return s < 172_800 ? `${(s / 3600).toFixed(1)} h` : `${Math.round(s / 86_400)} days`;
}

/** What a gap's reason means to a person. */
export const REASONS = {
  disconnect: 'connection lost',
  stall: 'feed went silent',
  halt: 'everything went silent',
  restart: 'Tickscope was not running',
  overload: 'more came than could be stored',
  not_subscribed: 'was not subscribed',
  untimed: 'packets without a time',
  late: 'ticks came late',
  calendar: 'calendar ends before this day',
  broker_unavailable: 'broker does not answer',
  pending: 'being fetched',
  expired: 'contract has expired',
};
export const asReason = (reason) => REASONS[reason] ?? reason;
