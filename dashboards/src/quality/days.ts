import { BAD, GOOD, SERIES, WATCH } from '../shared/colours.js';
import { toInstrument } from '../shared/links.js';
import { cell, colour, limits, named, unit, width } from '../shared/overrides.js';
import { columns, table, timeSeries } from '../shared/panels.js';
import { sql, tickscope } from '../shared/queries.js';
import { RATIO } from '../shared/units.js';

export const trend = () =>
  columns(
    timeSeries(
      {
        title: 'Completeness and accuracy, 30 days',
        description:
          'Means over all instruments, a point a day. Accuracy: minutes whose candle agrees with the broker’s at the end of the day.',
        empty: 'No day has been compared yet: the comparison runs after the session',
      },
      sql(
        `select ist_midnight(trading_date) as time, avg(completeness) as completeness, avg(accuracy) as accuracy
from data_quality_metrics
where trading_date >= ist_date(now()) - 30
group by trading_date order by 1`,
        'time_series',
      ),
    )
      .timeFrom('30d')
      .unit(RATIO)
      .decimals(2)
      .max(1),
    {
      completeness: [...named('Completeness'), ...colour(SERIES[0])],
      accuracy: [...named('Accuracy'), ...colour(SERIES[1])],
    },
  );

export const daily = () =>
  columns(
    table(
      {
        title: 'Day by day',
        description: 'Completeness, accuracy and grade of each instrument and day, the newest first.',
        empty: 'No day has been judged yet: this is done after the session',
      },
      tickscope({ queryType: 'quality', view: 'daily', limit: 200 }),
    ).timeFrom('30d'),
    {
      date: [...named('Day'), ...width(110)],
      instrument: [...named('Instrument'), ...toInstrument()],
      completeness: [
        ...named('Completeness'),
        ...unit(RATIO, 2),
        ...limits(BAD, [0.95, WATCH], [0.99, GOOD]),
        ...cell('color-text'),
      ],
      accuracy: [
        ...named('Accuracy'),
        ...unit(RATIO, 2),
        ...limits(BAD, [0.95, WATCH], [0.99, GOOD]),
        ...cell('color-text'),
      ],
      quality: named('Grade'),
    },
  );
