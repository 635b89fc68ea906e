/** How far a day's comparison is. Parameter: day. */
export const REPORT_DAY = 'select status, message, instruments from quality_days where trading_date = $1';

/** A day's findings, the worst first. Parameter: day. */
export const REPORT = `
select i.exchange || ':' || i.symbol as instrument, m.completeness, m.accuracy, m.quality,
       m.minutes_compared as compared, m.minutes_differing as differing, m.minutes_missing as missing,
       m.minutes_extra as extra, m.minutes_replaced as replaced, m.minutes_healed as healed, m.day_candle as "dayCandle",
       m.anomaly_flags as flags
from data_quality_metrics m join instruments i on i.token = m.instrument_token
where m.trading_date = $1 and m.compared_at is not null
order by least(m.completeness, m.accuracy) nulls first, m.completeness nulls first, i.exchange, i.symbol`;
