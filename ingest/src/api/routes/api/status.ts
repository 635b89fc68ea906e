import Type from 'typebox';
import type { ApiContext, App } from '../../context.js';
import { answers, NullableString, Origin, Time } from '../../schemas/common.js';
import { iso, isoOrNull } from '../../times.js';

export const FeedItem = Type.Object({
  feed: Type.String(),
  connected: Type.Boolean(),
  instruments: Type.Integer(),
  reconnects: Type.Integer(),
  lastTickAt: NullableString,
  problem: NullableString,
  nextAttemptAt: NullableString,
});

/** `GET /api/status`: what the page shows about the whole, in one request. */
export function statusRoutes(app: App, { services }: ApiContext): void {
  app.get(
    '/api/status',
    {
      schema: {
        tags: ['health'],
        summary: 'Origin, feeds, seeding and warnings',
        response: answers({
          origin: Origin,
          simulated: Type.Boolean(),
          version: Type.String(),
          broker: Type.String(),
          database: Type.String(),
          now: Time,
          marketOpen: Type.Boolean(),
          feeds: Type.Array(FeedItem),
          seeding: Type.Optional(
            Type.Object({ done: Type.Integer(), total: Type.Integer(), label: Type.String() }),
          ),
          warnings: Type.Array(Type.String()),
        }),
      },
    },
    async () => {
      const seeding = services.seeding();
      return {
        origin: services.origin,
        simulated: services.origin.startsWith('simulator'),
        version: services.version,
        broker: services.broker,
        database: services.db.kind,
        now: iso(services.clock.now()),
        marketOpen: services.marketOpen(),
        feeds: feedItems(services),
        ...(seeding && { seeding }),
        warnings: [...services.warnings()],
      };
    },
  );
}

export function feedItems(services: ApiContext['services']) {
  return services.feeds().map((feed) => ({
    ...feed,
    lastTickAt: isoOrNull(feed.lastTickAt),
    nextAttemptAt: isoOrNull(feed.nextAttemptAt ?? null),
  }));
}
