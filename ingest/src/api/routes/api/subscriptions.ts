import Type from 'typebox';
import type { FeedMode } from '../../../feed/feed.js';
import type { ApiContext, App } from '../../context.js';
import { ApiError, badField } from '../../errors.js';
import {
  answers,
  InstrumentKey,
  InstrumentTexts,
  InstrumentValue,
  NullableString,
} from '../../schemas/common.js';
import {
  addSubscriptions,
  removeSubscriptions,
  type SubscriptionRow,
  subscriptions,
  watchlists,
} from '../../sql/subscriptions.js';
import { iso } from '../../times.js';

const Mode = Type.Unsafe<FeedMode>({
  type: 'string',
  enum: ['ltp', 'quote', 'full'],
  default: 'full',
  description: 'Only `full` carries exchange times: with the others nothing counts as covered.',
});
const WatchlistName = Type.String({
  pattern: '^[\\w .-]{1,64}$',
  description: 'Letters, digits, spaces, . and -.',
});
const Names = Type.Array(InstrumentValue, { minItems: 1, maxItems: 9_000 });

const listAnswer = {
  capacity: Type.Integer({ description: 'Most instruments that the connections can carry.' }),
  subscriptions: Type.Array(
    Type.Object({
      instrument: InstrumentKey,
      mode: Type.String(),
      addedAt: NullableString,
      active: Type.Boolean({ description: 'On a connection now.' }),
    }),
  ),
  watchlists: Type.Array(Type.Object({ name: Type.String(), instruments: Type.Array(InstrumentKey) })),
};

/** `GET|POST|DELETE /api/subscriptions`: stored first, then applied to the feed. */
export function subscriptionRoutes(app: App, context: ApiContext): void {
  const { services, instruments, run } = context;
  const tags = ['subscriptions'];

  app.get(
    '/api/subscriptions',
    { schema: { tags, summary: 'What is subscribed', response: answers(listAnswer) } },
    () => list(context),
  );

  app.post(
    '/api/subscriptions',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Subscribe, and put on a watchlist',
        description: 'Subscribing again changes the mode.',
        body: Type.Object({
          instruments: Names,
          mode: Type.Optional(Mode),
          watchlist: Type.Optional(WatchlistName),
        }),
        response: answers(listAnswer),
      },
    },
    async ({ body }) => {
      const found = await instruments.many(body.instruments, 'instruments');
      const expired = found.find(({ active }) => !active);
      if (expired) {
        throw badField(
          'instruments',
          `${expired.exchange}:${expired.symbol} has expired and is traded no more.`,
        );
      }
      const tokens = found.map(({ token }) => token);
      refuseTooMany(context, tokens);
      const mode = body.mode ?? 'full';
      await addSubscriptions(services.db.pool, tokens, mode, body.watchlist);
      await services.subscriptions.subscribe(tokens, mode);
      return list(context);
    },
  );

  app.delete(
    '/api/subscriptions',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Unsubscribe instruments, a watchlist, or instruments of a watchlist',
        description: 'Of a watchlist, what another watchlist still names stays subscribed.',
        querystring: Type.Object({
          instrument: Type.Optional(InstrumentTexts),
          watchlist: Type.Optional(WatchlistName),
        }),
        body: Type.Optional(
          Type.Unsafe<{ instruments?: Array<string | number>; watchlist?: string } | null>({
            type: ['object', 'null'],
            properties: { instruments: Names, watchlist: WatchlistName },
          }),
        ),
        response: answers(listAnswer),
      },
    },
    async ({ query, body }) => {
      const references = query.instrument ?? body?.instruments;
      const watchlist = query.watchlist ?? body?.watchlist;
      if (references === undefined && watchlist === undefined) {
        throw badField('instrument', 'instrument or watchlist is missing: say what to unsubscribe.');
      }
      const found = references && (await instruments.many(references));
      const known = watchlist === undefined || (await watchlists(run)).some(({ name }) => name === watchlist);
      if (!known) throw new ApiError(404, 'unknown_watchlist', `There is no watchlist "${watchlist}".`);
      const removed = await removeSubscriptions(
        services.db.pool,
        found?.map(({ token }) => token),
        watchlist,
      );
      await services.subscriptions.unsubscribe(removed);
      return list(context);
    },
  );
}

async function list({ run, services, instruments }: ApiContext) {
  const [rows, lists] = await Promise.all([subscriptions(run), watchlists(run)]);
  const current = new Map(services.subscriptions.current().map(({ token, mode }) => [token, mode]));
  const stored = new Set(rows.map(({ token }) => token));
  const configured = [...current].filter(([token]) => !stored.has(token));
  const byConfiguration = await Promise.all(
    configured.map(async ([token, mode]) => {
      const { symbol, exchange } = await instruments.one(token);
      return { instrument: { token, symbol, exchange }, mode, addedAt: null, active: true };
    }),
  );
  const names = [...new Set(lists.map(({ name }) => name))];
  return {
    capacity: services.subscriptions.capacity,
    subscriptions: [
      ...rows.map(({ token, symbol, exchange, mode, addedAt }: SubscriptionRow) => ({
        instrument: { token, symbol, exchange },
        mode,
        addedAt: iso(addedAt),
        active: current.has(token),
      })),
      ...byConfiguration,
    ],
    watchlists: names.map((name) => ({
      name,
      instruments: lists
        .filter((row) => row.name === name)
        .map(({ token, symbol, exchange }) => ({ token, symbol, exchange })),
    })),
  };
}

/** Expired contracts whose rows are still there take no room. */
function refuseTooMany({ services }: ApiContext, tokens: readonly number[]): void {
  const { capacity } = services.subscriptions;
  const all = new Set([...services.subscriptions.current().map(({ token }) => token), ...tokens]);
  if (all.size > capacity) {
    throw badField(
      'instruments',
      `That would be ${all.size} instruments; the connections carry ${capacity}.`,
    );
  }
}
