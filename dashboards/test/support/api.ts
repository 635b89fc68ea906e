import { istDate } from '../../../ingest/src/sessions/ist.js';
import type { Model } from './boards.js';

/** The API's path for a query of the data source, so that each is also asked without the plugin between. */
export function apiPath(model: Model, from: number, to: number): string {
  const query = model as Record<string, string | undefined> & { instruments?: string[]; kinds?: string[] };
  const instrument = query.instruments?.[0] ?? '';
  const range = { from: String(from), to: String(to) };
  const of = (path: string, parameters: Record<string, string | undefined>) => {
    const given = Object.entries(parameters).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
    );
    return `/api/${path}?${new URLSearchParams(given)}`;
  };
  const limit = query['limit'] === undefined ? undefined : String(query['limit']);
  const interval = query['interval'] === '1d' ? '1d' : '5m';
  switch (`${query['queryType']} ${query['view'] ?? ''}`.trim()) {
    case 'candles':
      return of('candles', { instrument, interval, ...range });
    case 'oi value':
      return of('oi', { instrument, interval, ...range });
    case 'depth ladder':
      return of('depth', { instrument });
    case 'depth spread':
      return of('depth/spread', { instrument, ...range });
    case 'ticks quote':
      return of('quote', { instrument });
    case 'ticks history':
      return of('ticks', { instrument, limit, ...range });
    case 'vix series':
      return of('vix', range);
    case 'vix regimes':
    case 'vix now':
      return of('vix/regime', range);
    case 'chain matrix':
    case 'chain oi':
    case 'chain summary':
      return of('chain', {
        underlying: query['underlying'],
        expiry: query['expiry'],
        strikes: query['strikes'],
      });
    case 'movers movers':
      return of('movers', {
        segment: query['segment'],
        type: query['instrumentType'],
        by: query['by'],
        window: query['window'],
        limit,
      });
    case 'movers breadth':
      return of('breadth', { segment: query['segment'] });
    case 'movers volatility':
      return of('volatility', { segment: query['segment'], type: query['instrumentType'], limit });
    case 'movers buildup':
      return of('oi/buildup', { segment: query['segment'], type: query['instrumentType'], limit });
    case 'quality completeness':
      return of('completeness', { instrument, date: istDate(to) });
    case 'quality holes':
    case 'quality repairs':
      return of('gaps', { instrument, limit, ...range });
    case 'quality daily':
      return of('quality', { instrument, from: istDate(from), to: istDate(to) });
    case 'events':
      return of('events', { kinds: query.kinds?.join(','), instrument, ...range });
    default:
      throw new Error(`no API path is known for ${JSON.stringify(model)}`);
  }
}
