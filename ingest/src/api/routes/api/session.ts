import Type from 'typebox';
import type { ApiContext, App } from '../../context.js';
import { badField } from '../../errors.js';
import { answers, NullableString } from '../../schemas/common.js';
import { isoOrNull } from '../../times.js';

const Secret = Type.Optional(Type.String({ pattern: '^[\\w-]{1,256}$' }));

/** `POST /api/session`: the broker's token of the morning. Nothing of it is logged or answered. */
export function sessionRoutes(app: App, { services }: ApiContext): void {
  app.post(
    '/api/session',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['session'],
        summary: 'Take a new broker token',
        description: 'Either the `request_token` of the login redirect or a ready `access_token`.',
        body: Type.Object({ request_token: Secret, access_token: Secret }),
        response: answers({ broker: Type.String(), userId: Type.String(), expiresAt: NullableString }),
      },
    },
    async ({ body }) => {
      const { request_token: requestToken, access_token: accessToken } = body;
      if ((requestToken === undefined) === (accessToken === undefined)) {
        throw badField('request_token', 'Send request_token or access_token, one of them.');
      }
      const { userId, expiresAt } = await services.session.login(
        requestToken === undefined ? { accessToken: accessToken! } : { requestToken },
      );
      return { broker: services.broker, userId, expiresAt: isoOrNull(expiresAt) };
    },
  );
}
