import type { FastifyInstance } from 'fastify';
import { IST_OFFSET_MS } from '../../sessions/ist.js';
import type { RestContext } from './context.js';
import { badInput, badToken } from './errors.js';

const USER = {
  user_id: 'SIM001',
  user_type: 'individual',
  email: 'simulated@tickscope.invalid',
  user_name: 'SIMULATED Exchange',
  user_shortname: 'SIMULATED',
  broker: 'ZERODHA',
  exchanges: ['NSE', 'NFO'],
  products: ['CNC', 'NRML', 'MIS'],
  order_types: ['MARKET', 'LIMIT', 'SL', 'SL-M'],
  avatar_url: null,
  meta: { demat_consent: 'physical' },
};

/** `YYYY-MM-DD HH:MM:SS` in IST, as Kite writes times outside candles. */
export function istStamp(ms: number): string {
  return new Date(ms + IST_OFFSET_MS).toISOString().slice(0, 19).replace('T', ' ');
}

/** Login, logout and profile. */
export function userRoutes(app: FastifyInstance, { access, clock }: RestContext): void {
  app.post<{ Body: Record<string, string> | null }>('/session/token', async (request) => {
    const { api_key: apiKey, request_token: requestToken, checksum } = request.body ?? {};
    if (!apiKey || !requestToken || !checksum)
      throw badInput('Missing `api_key`, `request_token` or `checksum`.');
    const accessToken = access.login(apiKey, requestToken, checksum);
    if (!accessToken) throw badToken('Invalid `checksum`.');
    return {
      ...USER,
      api_key: apiKey,
      access_token: accessToken,
      public_token: 'simulated',
      enctoken: '',
      refresh_token: '',
      silo: '',
      login_time: istStamp(clock.now()),
    };
  });
  app.delete<{ Querystring: { access_token?: string } }>('/session/token', async (request) => {
    access.revoke(request.query.access_token ?? '');
    return true;
  });
  app.get('/user/profile', async () => USER);
}
