import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './files.js';
import { has, promtool } from './promtool.js';

const FOLDER = `${ROOT}provisioning/prometheus`;
const TIMEOUT_MS = 120_000;

describe.skipIf(!has('promtool'))('the configuration of Prometheus', () => {
  it(
    'is valid',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'tickscope-prometheus-'));
      await cp(FOLDER, folder, { recursive: true });
      // Not in the repository: promtool wants to see it.
      await writeFile(join(folder, 'read-token'), '');
      const problems = await promtool(['check', 'config', join(folder, 'prometheus.yml')]);
      await rm(folder, { recursive: true });
      expect(problems).toBe('');
    },
    TIMEOUT_MS,
  );

  it(
    'records what its tests say',
    async () => {
      expect(await promtool(['test', 'rules', `${FOLDER}/rules.test.yml`])).toBe('');
    },
    TIMEOUT_MS,
  );
});
