import { CALM, SERIES } from '../shared/colours.js';
import { colour, named, rightAxis, unit } from '../shared/overrides.js';
import { columns, timeSeries } from '../shared/panels.js';
import { sql, tickscope } from '../shared/queries.js';
import { FROM, INTERVAL, TO, token } from '../shared/sql.js';
import { COUNT, PERCENT, POINTS } from '../shared/units.js';

export const basis = () =>
  columns(
    timeSeries(
      {
        title: 'Basis of $future over $spot',
        description:
          'Close of the nearest future less close of its underlying, in rupees or points and in per cent. It runs to 0 at expiry.',
        empty: 'No future of this instrument, or no candles of both in this range',
      },
      sql(
        `select f.bucket as time, f.close - s.close as basis, (f.close / s.close - 1) * 100 as basis_percent
from get_candles(${token('future')}, ${FROM}, ${TO}, ${INTERVAL}) f
join get_candles(${token('spot')}, ${FROM}, ${TO}, ${INTERVAL}) s using (bucket)
order by 1`,
      ),
    ),
    {
      basis: [...named('Basis'), ...unit(POINTS, 2), ...colour(SERIES[0])],
      basis_percent: [...named('Per cent'), ...unit(PERCENT, 3), ...colour(SERIES[1]), ...rightAxis()],
    },
  );

export const openInterest = () =>
  columns(
    timeSeries(
      {
        title: 'Open interest of $future against its price',
        description: 'Rising together: new longs. OI up while the price falls: new shorts.',
        empty: 'No open interest: this instrument has no future',
      },
      tickscope({ queryType: 'oi', view: 'value', instruments: ['$future'], interval: 'auto' }),
    ),
    {
      open_interest: [
        ...named('Open interest'),
        ...unit(COUNT, 2),
        ...colour(CALM),
        { id: 'custom.fillOpacity', value: 10 },
      ],
      price: [...named('Price'), ...unit(POINTS, 2), ...colour(SERIES[1]), ...rightAxis()],
      open_interest_change: [{ id: 'custom.hideFrom', value: { viz: true, legend: true, tooltip: true } }],
    },
  );
