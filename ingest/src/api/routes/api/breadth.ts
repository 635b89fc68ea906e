import Type from 'typebox';
import type { ApiContext, App } from '../../context.js';
import { answers, NullableNumber, NullableString, Origin } from '../../schemas/common.js';
import { DaySelection } from '../../schemas/selection.js';
import { breadth } from '../../sql/days.js';
import { parseDate } from '../../times.js';

/** `GET /api/breadth`: read from one row an instrument a day, never from ticks. */
export function breadthRoutes(app: App, { services, run }: ApiContext): void {
  const tags = ['market'];

  app.get(
    '/api/breadth',
    {
      schema: {
        tags,
        summary: 'How many rose and fell',
        querystring: Type.Object(DaySelection),
        response: answers({
          origin: Origin,
          date: NullableString,
          advances: Type.Integer(),
          declines: Type.Integer(),
          unchanged: Type.Integer(),
          advanceDeclineRatio: NullableNumber,
          advanceVolume: Type.Integer(),
          declineVolume: Type.Integer(),
        }),
      },
    },
    async ({ query }) => {
      const { tradingDate, ...counts } = await breadth(run, {
        ...dated(query),
        ...(query.segment && { segment: query.segment }),
        ...(query.type !== undefined && { type: query.type }),
      });
      return {
        origin: services.origin,
        date: tradingDate ?? query.date ?? null,
        ...counts,
        advanceDeclineRatio: counts.declines > 0 ? counts.advances / counts.declines : null,
      };
    },
  );
}

function dated(query: { date?: string }): { date?: string } {
  return query.date === undefined ? {} : { date: parseDate('date', query.date) };
}
