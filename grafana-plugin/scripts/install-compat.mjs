/** Installs the types of the oldest supported Grafana, once: two @grafana/ui with two Reacts cannot share one tree. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const folder = 'compat/grafana-10.4';
if (!existsSync(`${folder}/node_modules/@grafana/ui`)) {
  console.log(`Installing ${folder} (once)`);
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--prefix', folder], { stdio: 'inherit' });
  process.exit(status ?? 1);
}
