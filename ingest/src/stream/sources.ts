import type { ApiContext } from '../api/context.js';
import { ApiError } from '../api/errors.js';
import { statistics } from '../api/routes/api/stats.js';
import { latestVix } from '../api/routes/api/vix.js';
import type { StreamSources } from './market-topics.js';

/** As the routes answer. */
export function streamSources(context: ApiContext): StreamSources {
  return {
    stats: (instrument) => statistics(context, instrument, undefined).catch(unlessMissing),
    vix: () => latestVix(context).catch(unlessMissing),
  };
}

function unlessMissing(error: unknown): undefined {
  if (error instanceof ApiError && error.status === 404) return undefined;
  throw error;
}
