import Type from 'typebox';
import type { RepairRow } from '../sql/repairs.js';
import { iso, isoOrNull } from '../times.js';
import { NullableInteger, NullableNumber, NullableString, Time } from './common.js';

/** A row of the gap ledger. */
export const Repair = Type.Object({
  id: Type.Integer(),
  kind: Type.String({ description: 'connection, exception or subscription' }),
  token: NullableInteger,
  feed: NullableString,
  from: Time,
  to: NullableString,
  seconds: NullableNumber,
  parts: Type.Integer({ description: 'Holes less than a minute apart are one row' }),
  cause: Type.String(),
  status: Type.String({ description: 'PENDING, IN_PROGRESS, RECOVERED, FAILED or UNRECOVERABLE' }),
  attempts: Type.Integer(),
  lastAttemptAt: NullableString,
  recoveredAt: NullableString,
  source: NullableString,
  instruments: Type.Integer(),
  instrumentsLeft: Type.Integer({ description: 'Still lacking something' }),
  instrumentsEmpty: Type.Integer({ description: 'Closed because nothing traded' }),
  instrumentsFailed: Type.Integer({ description: 'Of those left: given up' }),
  message: NullableString,
});

export function toRepair(row: RepairRow) {
  return {
    ...row,
    from: iso(row.from),
    to: isoOrNull(row.to),
    lastAttemptAt: isoOrNull(row.lastAttemptAt),
    recoveredAt: isoOrNull(row.recoveredAt),
  };
}
