import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DatabaseKind } from './kind.js';

/** One file of /sql that applies to a kind of database. */
export interface Migration {
  /** The file's number. */
  readonly version: number;
  /** `0002_ticks.timescale`: what `schema_migrations` records. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, line ends normalized. */
  readonly checksum: string;
  /** The file opens with `-- no transaction`: its statements run one by one. */
  readonly transactional: boolean;
}

const FILE = /^(\d{4})_[a-z0-9_]+(?:\.(timescale|postgres))?\.sql$/;

/** The /sql folder, seen from the sources or from dist. */
export function sqlDirectory(): string {
  for (let dir = path.dirname(fileURLToPath(import.meta.url)); ; dir = path.dirname(dir)) {
    const candidate = path.join(dir, 'sql');
    if (existsSync(path.join(candidate, '0001_core.sql'))) return candidate;
    if (dir === path.dirname(dir)) throw new Error('The folder sql/ with the migrations is missing.');
  }
}

/** The migrations of one kind of database, in order. */
export async function readMigrations(dir: string, kind: DatabaseKind): Promise<Migration[]> {
  const migrations: Migration[] = [];
  for (const file of (await readdir(dir)).sort()) {
    if (!file.endsWith('.sql')) continue;
    const match = FILE.exec(file);
    if (!match) throw new Error(`sql/${file} is not named NNNN_name.sql, .timescale.sql or .postgres.sql.`);
    if (match[2] && match[2] !== kind) continue;
    const sql = (await readFile(path.join(dir, file), 'utf8')).replaceAll('\r\n', '\n');
    migrations.push({
      version: Number(match[1]),
      name: file.slice(0, -'.sql'.length),
      sql,
      checksum: createHash('sha256').update(sql).digest('hex'),
      transactional: !sql.startsWith('-- no transaction'),
    });
  }
  return migrations;
}
