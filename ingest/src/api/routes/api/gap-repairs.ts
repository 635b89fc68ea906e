import Type from 'typebox';
import type { ApiContext, App } from '../../context.js';
import { ApiError } from '../../errors.js';
import { answers, InstrumentKey, NullableString, Origin } from '../../schemas/common.js';
import { Repair, toRepair } from '../../schemas/repairs.js';
import { lacking, type RepairRow, repair } from '../../sql/repairs.js';
import { isoOrNull } from '../../times.js';

/** Instruments that one answer names. */
const MOST_NAMED = 1_000;

const Id = Type.Object({ id: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }) });

/** `GET /api/gaps/:id` and `POST /api/gaps/:id/retry`: one row of the gap ledger. */
export function gapRepairRoutes(app: App, { services, run }: ApiContext): void {
  const tags = ['quality'];

  app.get(
    '/api/gaps/:id',
    {
      schema: {
        tags,
        summary: 'One hole, and who still lacks something in it',
        params: Id,
        response: answers({
          origin: Origin,
          repair: Repair,
          lacking: Type.Array(
            Type.Object({
              instrument: InstrumentKey,
              status: Type.String(),
              attempts: Type.Integer(),
              nextAttemptAt: NullableString,
              missingSeconds: Type.Number(),
              message: NullableString,
            }),
          ),
        }),
      },
    },
    async ({ params: { id } }) => {
      const row = known(await repair(run, id), id);
      const rows = await lacking(run, id, MOST_NAMED);
      return {
        origin: services.origin,
        repair: toRepair(row),
        lacking: rows.map(({ token, symbol, exchange, nextAttemptAt, ...rest }) => ({
          instrument: { token, symbol, exchange },
          nextAttemptAt: isoOrNull(nextAttemptAt),
          ...rest,
        })),
      };
    },
  );

  app.post(
    '/api/gaps/:id/retry',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Repair a hole again, at once',
        description:
          'Also one that was given up. The work goes on in the background; `GET /api/gaps/:id` tells of it.',
        params: Id,
        response: answers({ repair: Repair, instruments: Type.Integer() }),
      },
    },
    async ({ params: { id } }) => {
      const row = known(await repair(run, id), id);
      if (row.status === 'RECOVERED') {
        throw new ApiError(409, 'already_repaired', `Hole ${id} is repaired: nothing of it is missing.`);
      }
      const { instruments } = await services.repairs.retry(id);
      return { repair: toRepair(known(await repair(run, id), id)), instruments };
    },
  );
}

function known(row: RepairRow | undefined, id: number): RepairRow {
  if (!row)
    throw new ApiError(404, 'unknown_gap', `There is no hole ${id} in the ledger; GET /api/gaps lists them.`);
  return row;
}
