import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../../.ci/audit', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tickscope-audit-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs the audit with registries that answer so. */
async function audit(answers: { npm: string; go: string; goExit: number }) {
  const tool = async (name: string, text: string, code: number) => {
    await writeFile(join(folder, name), `#!/bin/sh\ncat << 'END'\n${text}\nEND\nexit ${code}\n`);
    await chmod(join(folder, name), 0o755);
  };
  await tool('npm', answers.npm, 1);
  await tool('govulncheck', answers.go, answers.goExit);
  const env = { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH']}` };
  return new Promise<{ code: number; said: string }>((resolve) => {
    execFile('bash', [SCRIPT], { env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, said: stdout + stderr }),
    );
  });
}

const npm = (high: number) =>
  JSON.stringify({
    vulnerabilities: high > 0 ? { 'left-pad': { severity: 'high', range: '<2' } } : {},
    metadata: {
      vulnerabilities: { critical: 0, high, moderate: 2, low: 0 },
      dependencies: { prod: 7 },
    },
  });
const clean = { npm: npm(0), go: 'No vulnerabilities found.', goExit: 0 };

test('an audit without grave findings passes and says what it looked at', async () => {
  const { code, said } = await audit(clean);
  expect([code, said]).toEqual([0, expect.stringMatching(/0 critical, 0 high, 2 moderate[^\n]*7 packages/)]);
  expect(said).not.toContain('NOT AUDITED');
});

test('one with a high finding fails and names the package, be it npm’s or Go’s', async () => {
  expect(await audit({ ...clean, npm: npm(1) })).toMatchObject({
    code: 1,
    said: expect.stringMatching(/high left-pad <2/),
  });
  expect(await audit({ ...clean, go: 'GO-2026-1: net/http', goExit: 3 })).toMatchObject({
    code: 1,
    said: expect.stringContaining('GO-2026-1'),
  });
});

test('where nobody answers it says loudly that nothing is known, and does not fail', async () => {
  const { code, said } = await audit({
    npm: JSON.stringify({ message: '405 Method Not Allowed' }),
    go: 'fetching vulnerabilities: no such host',
    goExit: 1,
  });
  expect(code).toBe(0);
  expect(said.match(/!!!! NOT AUDITED/g)).toHaveLength(3);
  expect(said).toContain('405 Method Not Allowed');
});
