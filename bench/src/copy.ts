import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Database } from '@tickscope/ingest/dist/src/db/database.js';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';

const CHUNK_BYTES = 256 * 1024;

/** Tables with their rows as PostgreSQL's binary COPY sends them, cut into chunks that a socket likes. */
export type CopiedTables = ReadonlyArray<{ table: string; rows: number; chunks: readonly Buffer[] }>;

/** Reads whole tables in the order in which their rows were committed. */
export async function copyOut(db: Database, tables: readonly string[]): Promise<CopiedTables> {
  const copied: Array<CopiedTables[number]> = [];
  const client = await db.connect('bench copy out');
  try {
    for (const table of tables) {
      const stream = client.query(copyTo(`copy (select * from ${table} order by seq) to stdout binary`));
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      await once(stream, 'end');
      copied.push({ table, rows: stream.rowCount, chunks: cut(Buffer.concat(parts)) });
    }
  } finally {
    await client.end();
  }
  return copied;
}

/** Writes them into another database of the same schema, one COPY a table, and returns the seconds it took. */
export async function copyIn(db: Database, tables: CopiedTables): Promise<number> {
  const client = await db.connect('bench copy in');
  try {
    const start = performance.now();
    await client.query('begin');
    for (const { table, chunks } of tables) {
      await pipeline(
        Readable.from(chunks, { objectMode: false }),
        client.query(copyFrom(`copy ${table} from stdin binary`)),
      );
    }
    await client.query('commit');
    return (performance.now() - start) / 1000;
  } finally {
    await client.end();
  }
}

function cut(bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) chunks.push(bytes.subarray(at, at + CHUNK_BYTES));
  return chunks;
}
