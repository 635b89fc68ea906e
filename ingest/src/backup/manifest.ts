import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';

const Stored = Type.Object({
  name: Type.String({ pattern: '^[a-z][a-z0-9_]*$' }),
  columns: Type.Array(Type.String({ pattern: '^[a-z][a-z0-9_]*$' }), { minItems: 1 }),
  rows: Type.Integer({ minimum: 0 }),
  /** Of the file `<name>.copy.gz`. */
  sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
});

/** What a backup folder holds: `manifest.json`, and per table one gzipped file in PostgreSQL's COPY text format. */
export const Manifest = Type.Object({
  format: Type.Literal(1),
  origin: Type.Union([Type.String(), Type.Null()]),
  kind: Type.Union([Type.Literal('timescale'), Type.Literal('postgres')]),
  /** ISO 8601 UTC: the moment that the backup shows. */
  takenAt: Type.String(),
  /** Number of the newest migration that the database has. */
  schemaVersion: Type.Integer({ minimum: 1 }),
  /** In an order in which references are satisfied. */
  tables: Type.Array(Stored),
  /** Candles of ticks below their watermark: the ticks under the older ones may be gone. */
  candles: Type.Array(Type.Intersect([Stored, Type.Object({ watermark: Type.String() })])),
  /** ISO 8601 UTC: ticks and order books before it were left out. Absent: none were. */
  ticksFrom: Type.Optional(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T[\\d:.]+Z$' })),
  /** Oldest and newest `time` of the tables that are kept by day, as PostgreSQL writes them. */
  days: Type.Array(Type.Object({ table: Type.String(), first: Type.String(), last: Type.String() })),
});
export type Manifest = Static<typeof Manifest>;
export type StoredTable = Static<typeof Stored>;

/** The folder holds no backup, another format's, or a damaged one. */
export class BackupUnusable extends Error {
  override name = 'BackupUnusable';
}

const FILE = 'manifest.json';

export function dataFile(folder: string, table: string): string {
  return join(folder, `${table}.copy.gz`);
}

/** Written last: a folder without it is a backup that did not finish. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await writeFile(join(folder, FILE), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** @throws BackupUnusable */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, FILE), 'utf8').catch(() => undefined);
  if (text === undefined) throw new BackupUnusable(`${folder} holds no backup: there is no ${FILE} in it.`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new BackupUnusable(`${join(folder, FILE)} is damaged.`);
  }
  if (!Value.Check(Manifest, json)) {
    throw new BackupUnusable(`${join(folder, FILE)} is damaged or of another version of Tickscope.`);
  }
  return json;
}
