import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Spool } from '../spool/spool.js';
import { decodeFlush, type Flush } from './flush-record.js';
import { lateMinutes } from './stale.js';
import type { WriterSession } from './writer-session.js';

/** Rows of one transaction. */
const GROUP_TICKS = 20_000;

/**
 * Brings in what a former process left in the spool: everything after flush `lastId`, which is the last that the database
 * has. What does not follow it directly belongs to another past of this database (it was restored from a backup) and is
 * set aside: coverage that rests on flushes that are missing must not be claimed.
 * @returns the last flush that the database has now, and how many ticks were brought in
 */
export async function replay(
  spool: Spool,
  session: WriterSession,
  lastId: number,
  clock: Clock,
  log: Logger,
): Promise<{ lastId: number; ticks: number }> {
  await spool.trim(lastId);
  const ids = spool.ids.filter((id) => id > lastId);
  if (ids.length > 0 && ids[0] !== lastId + 1) {
    await spool.setAside(
      `The spool begins with flush ${ids[0]}, the database ends with ${lastId}: it has been restored since. The spool is kept as *.damaged and not brought in.`,
    );
    return { lastId, ticks: 0 };
  }
  let last = lastId;
  let ticks = 0;
  let group: Flush[] = [];
  let rows = 0;
  const write = async () => {
    if (group.length === 0) return;
    await session.write({
      flushes: group,
      state: undefined,
      stateSeq: undefined,
      foldFrom: Math.min(...group.map(({ firstTime }) => firstTime ?? Number.POSITIVE_INFINITY)),
      late: lateMinutes(group, clock.now()),
    });
    last = group.at(-1)!.id;
    ticks += rows;
    await spool.trim(last);
    group = [];
    rows = 0;
  };
  for (const id of ids) {
    if (id !== (group.at(-1)?.id ?? last) + 1) {
      log.error({ after: id - 1 }, 'A flush is missing in the spool: what comes after it is set aside');
      await write();
      await spool.setAside('What followed a missing flush');
      return { lastId: last, ticks };
    }
    const flush = decodeFlush(await spool.read(id));
    if (rows + flush.tickRows > GROUP_TICKS) await write();
    group.push(flush);
    rows += flush.tickRows;
  }
  await write();
  if (ids.length > 0)
    log.info({ ticks, flushes: ids.length }, 'Brought in what the last process left in the spool');
  return { lastId: last, ticks };
}
