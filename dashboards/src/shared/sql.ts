/** Pieces of SQL that several panels use. Grafana replaces `$__timeFrom()` by a quoted instant, and variables by text. */
export const FROM = '$__timeFrom()::timestamptz';
export const TO = '$__timeTo()::timestamptz';

/** The token of `EXCHANGE:SYMBOL`, the active one where a symbol was used again. `variable` holds the text. */
export const token = (variable: string): string =>
  `(select token from instruments where exchange = split_part('\${${variable}:raw}', ':', 1)
      and symbol = substr('\${${variable}:raw}', strpos('\${${variable}:raw}', ':') + 1) and active)`;

/** The candle interval for the shown range: minutes for two days, then 15 minutes, hours, days. */
export const INTERVAL = `(case when ${TO} - ${FROM} <= interval '2 days' then '1m'
       when ${TO} - ${FROM} <= interval '14 days' then '15m'
       when ${TO} - ${FROM} <= interval '90 days' then '1h' else '1d' end)`;
