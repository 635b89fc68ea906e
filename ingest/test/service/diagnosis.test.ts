import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/config.js';
import { migrate } from '../../src/db/migrate.js';
import { claimOrigin } from '../../src/db/origin.js';
import { takeWriterLock } from '../../src/db/writer-lock.js';
import { databaseFindings, diskFinding, type Finding, grafanaFinding } from '../../src/service/diagnosis.js';
import { fileFindings } from '../../src/service/diagnosis-files.js';
import { onPlainPostgres, quiet } from '../fixtures/databases.js';

const of = (findings: readonly Finding[], what: string) => findings.find((finding) => finding.what === what);

describe('what doctor finds in a database', () => {
  const server = onPlainPostgres();

  it('is well when it is up to date, of the right origin, and says who writes', async () => {
    const db = await server.open();
    await claimOrigin(db, 'simulator:1');
    const lock = await takeWriterLock(db, Date.parse('2026-11-20T04:00:00Z'));
    const findings = await databaseFindings(db, 'here', 'simulator:1');
    await lock.release();
    expect(findings.map(({ verdict }) => verdict)).toEqual(findings.map(() => 'ok'));
    expect(of(findings, 'writer')!.found).toMatch(
      new RegExp(`process ${process.pid} on .* since 2026-11-20T04:00:00Z`),
    );
    expect(of(await databaseFindings(db, 'here', 'simulator:1'), 'writer')!.found).toBe('nobody writes now');
  });

  it('needs a migration, a newer Tickscope, or another database: each with what to do', async () => {
    const db = await server.open({ migrated: false });
    expect(of(await databaseFindings(db, 'here', 'live'), 'schema')).toMatchObject({
      verdict: 'attention',
      todo: expect.stringMatching(/tickscope migrate/),
    });
    await migrate(db, quiet);
    await claimOrigin(db, 'live');
    expect(of(await databaseFindings(db, 'here', 'simulator:1'), 'origin')).toMatchObject({
      verdict: 'broken',
      found: expect.stringMatching(/live.*simulator:1/),
      todo: expect.stringMatching(/DATABASE_URL/),
    });
    await db.pool.query(`insert into schema_migrations (name, checksum) values ('9999_future', 'x')`);
    expect(of(await databaseFindings(db, 'here', 'live'), 'schema')).toMatchObject({
      verdict: 'broken',
      found: expect.stringContaining('9999_future'),
      todo: expect.stringMatching(/start that version/),
    });
  });
});

describe('what doctor finds in files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tickscope-doctor-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const look = () =>
    fileFindings(parseConfig({ KITE_API_KEY: 'key' }, folder), folder, join(folder, 'spool'));

  it('is what others may read, and what could not be brought in', async () => {
    expect(of(await look(), 'token file')).toMatchObject({
      verdict: 'attention',
      todo: 'run `tickscope login`',
    });
    await mkdir(join(folder, '.tickscope'));
    const token = join(folder, '.tickscope', 'kite-token');
    await writeFile(token, 'hushhush');
    await chmod(token, 0o640);
    await writeFile(join(folder, '.env'), 'KITE_API_SECRET=hushhush\nTICKSCOPE_PORT=8000\n');
    await chmod(join(folder, '.env'), 0o644);
    await mkdir(join(folder, 'spool', 'id'), { recursive: true });
    await writeFile(join(folder, 'spool', 'id', '1.seg.damaged'), 'x');
    const findings = await look();
    expect(of(findings, 'token file')).toMatchObject({
      verdict: 'broken',
      todo: expect.stringContaining('chmod 600'),
    });
    expect(of(findings, 'environment file')).toMatchObject({
      verdict: 'attention',
      found: expect.stringMatching(/mode 644 and holds KITE_API_SECRET:/),
    });
    expect(of(findings, 'spool')).toMatchObject({
      verdict: 'attention',
      found: expect.stringContaining('1.seg.damaged'),
    });
    expect(JSON.stringify(findings)).not.toContain('hushhush');
    await chmod(token, 0o600);
    await chmod(join(folder, '.env'), 0o600);
    expect(of(await look(), 'token file')!.verdict).toBe('ok');
    expect(of(await look(), 'environment file')).toBeUndefined();
  });

  it('is the room that is left, and Grafana when it is named', async () => {
    expect((await diskFinding(folder)).found).toMatch(/GiB free/);
    expect(await grafanaFinding('http://127.0.0.1:1')).toMatchObject({
      verdict: 'broken',
      todo: expect.stringMatching(/start Grafana/),
    });
  });
});
