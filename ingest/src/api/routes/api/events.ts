import Type from 'typebox';
import type { Instrument } from '../../../instruments/instrument.js';
import type { ApiContext, App } from '../../context.js';
import { sendCsv } from '../../csv.js';
import { badField } from '../../errors.js';
import {
  answers,
  Format,
  FromText,
  InstrumentText,
  limit,
  NullableString,
  Origin,
  Time,
  ToText,
} from '../../schemas/common.js';
import { iso, isoOrNull, quoted, recentRange } from '../../times.js';
import { EVENT_KINDS, type EventKind, type MarketEvent, sources } from './event-sources.js';

const DEFAULT_LIMIT = 500;
const CSV_COLUMNS = ['time', 'timeEnd', 'kind', 'title', 'text', 'instrument'] as const;

/** `GET /api/events`: what happened, as marks on a chart. */
export function eventRoutes(app: App, context: ApiContext): void {
  const { services, instruments } = context;
  app.get(
    '/api/events',
    {
      schema: {
        tags: ['market'],
        summary: 'Holes, repairs, volatility regimes and spikes, sessions; oldest first',
        description: `\`kinds\` is a comma list of ${EVENT_KINDS.map((kind) => `\`${kind}\``).join(', ')}; all of them when left out. With an instrument its holes as they are now, repairs of it, and the sessions of its group; without one the times in which a feed heard nothing, healed or not.`,
        querystring: Type.Object({
          from: Type.Optional(FromText),
          to: Type.Optional(ToText),
          kinds: Type.Optional(Type.String({ maxLength: 128, examples: ['hole,regime'] })),
          instrument: Type.Optional(InstrumentText),
          limit: Type.Optional(limit(DEFAULT_LIMIT, 5_000)),
          format: Type.Optional(Format),
        }),
        response: answers({
          origin: Origin,
          events: Type.Array(
            Type.Object({
              time: Time,
              timeEnd: NullableString,
              kind: Type.String(),
              title: Type.String(),
              text: Type.String(),
              instrument: NullableString,
            }),
          ),
        }),
      },
    },
    async ({ query }, reply) => {
      const range = recentRange(query.from, query.to, services.clock.now());
      const kinds = parseKinds(query.kinds);
      const most = query.limit ?? DEFAULT_LIMIT;
      const instrument: Instrument | undefined =
        query.instrument === undefined ? undefined : await instruments.one(query.instrument);
      const found = await Promise.all(
        kinds.map((kind) => sources[kind](context, { ...range, instrument, limit: most })),
      );
      const events = found
        .flat()
        .sort((a, b) => a.time - b.time)
        .slice(-most)
        .map(eventItem);
      if (query.format === 'csv') return sendCsv(reply, 'events', CSV_COLUMNS, events);
      return { origin: services.origin, events };
    },
  );
}

function parseKinds(text: string | undefined): readonly EventKind[] {
  const asked = (text ?? '')
    .split(',')
    .map((kind) => kind.trim())
    .filter((kind) => kind !== '');
  if (asked.length === 0) return EVENT_KINDS;
  const unknown = asked.find((kind) => !EVENT_KINDS.includes(kind as EventKind));
  if (unknown !== undefined) {
    throw badField('kinds', `kinds takes ${EVENT_KINDS.join(', ')}; got ${quoted(unknown)}.`);
  }
  return [...new Set(asked as EventKind[])];
}

function eventItem(event: MarketEvent) {
  return { ...event, time: iso(event.time), timeEnd: isoOrNull(event.timeEnd) };
}
