import Type from 'typebox';
import type { ApiContext, App } from '../../context.js';
import { answers, InstrumentKey, NullableNumber, NullableString, Origin } from '../../schemas/common.js';
import type { SilentInstrument } from '../../services.js';
import { isoOrNull } from '../../times.js';
import { FeedItem, feedItems } from '../api/status.js';

/** Of silent instruments so many are named; all are counted. */
const NAMED = 50;

const Token = Type.Object({
  expiresAt: NullableString,
  valid: Type.Boolean(),
  validAtNextOpen: Type.Boolean(),
  message: NullableString,
});
const Counts = Type.Object({
  stale: Type.Integer({ description: 'Instruments silent beyond their own usual rhythm.' }),
  unanswered: Type.Integer({ description: 'Instruments that have not answered their subscription.' }),
  late: Type.Integer({ description: 'Packets out of order or after their minute was settled.' }),
  duplicates: Type.Integer(),
  dropped: Type.Integer(),
});
const Fallback = Type.Object(
  {
    active: Type.Boolean(),
    since: NullableString,
    instruments: Type.Integer(),
    problem: NullableString,
  },
  { description: 'Quotes by REST while a connection is away.' },
);
const Silent = Type.Object({
  instrument: InstrumentKey,
  feed: Type.String(),
  silentSeconds: Type.Number(),
  usualSeconds: NullableNumber,
});

/** What `/health/feed` adds to the connections: counts, never names, because everybody may ask it. */
export const feedHealthParts = {
  token: Type.Optional(Token),
  instruments: Type.Optional(Counts),
  fallback: Type.Optional(Fallback),
};

export function feedHealthItems({ services }: ApiContext) {
  const health = services.feedHealth;
  const fallback = services.fallback?.status();
  const standIn = fallback && { fallback: { ...fallback, since: isoOrNull(fallback.since) } };
  if (!health) return { ...standIn };
  const token = health.token();
  return {
    ...standIn,
    token: { ...token, expiresAt: isoOrNull(token.expiresAt) },
    instruments: {
      stale: health.stale().length,
      unanswered: health.unanswered().length,
      ...health.counts(),
    },
  };
}

/** `GET /api/feed`: the feed in full, silent instruments by name. */
export function feedRoutes(app: App, context: ApiContext): void {
  const { services, instruments } = context;
  const named = async (silent: readonly SilentInstrument[]) => {
    const worst = [...silent].sort((a, b) => b.silentMs - a.silentMs).slice(0, NAMED);
    const found = await Promise.all(worst.map(({ token }) => instruments.find(String(token))));
    return worst.flatMap(({ feed, silentMs, usualMs }, i) => {
      const instrument = found[i];
      if (!instrument) return [];
      const { token, symbol, exchange } = instrument;
      return {
        instrument: { token, symbol, exchange },
        feed,
        silentSeconds: Math.round(silentMs / 100) / 10,
        usualSeconds: usualMs === null ? null : Math.round(usualMs / 100) / 10,
      };
    });
  };
  app.get(
    '/api/feed',
    {
      schema: {
        tags: ['health'],
        summary: 'Connections, the broker’s token, and instruments that are silent',
        description: `Of silent instruments the ${NAMED} silent for longest are named; \`instruments\` counts all.`,
        response: answers({
          origin: Origin,
          feeds: Type.Array(FeedItem),
          ...feedHealthParts,
          stale: Type.Array(Silent),
          unanswered: Type.Array(Silent),
        }),
      },
    },
    async () => ({
      origin: services.origin,
      feeds: feedItems(services),
      ...feedHealthItems(context),
      stale: await named(services.feedHealth?.stale() ?? []),
      unanswered: await named(services.feedHealth?.unanswered() ?? []),
    }),
  );
}
