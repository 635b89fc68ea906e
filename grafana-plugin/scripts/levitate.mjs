/** Compares what the plugin imports of @grafana/* with the oldest and the newest supported Grafana (needs npm's registry). */
import { spawnSync } from 'node:child_process';

const PACKAGES = ['@grafana/data', '@grafana/ui', '@grafana/runtime'];
const VERSIONS = process.argv.length > 2 ? process.argv.slice(2) : ['10.4.19', '13.2.2'];

for (const version of VERSIONS) {
  const target = PACKAGES.map((name) => `${name}@${version}`).join(',');
  const { status } = spawnSync(
    'npx',
    ['levitate', 'is-compatible', '--path', 'compat/modules.ts', '--target', target],
    { stdio: 'inherit' },
  );
  if (status !== 0) {
    process.exit(status ?? 1);
  }
}
