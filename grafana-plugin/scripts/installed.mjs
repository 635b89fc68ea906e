/**
 * The packages of a folder exactly as its lock file says, installed only when they are not: what is there is remembered
 * by the lock file's hash. A registry that stumbles is asked again.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ATTEMPTS = 3;
export const PLUGIN = fileURLToPath(new URL('..', import.meta.url));

/** @param {string} folder below the plugin's root @param {string[]} options of `npm ci` */
export function install(folder, ...options) {
  const root = path.join(PLUGIN, folder);
  const stamp = path.join(root, 'node_modules', '.installed');
  const wanted = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) {
    return;
  }
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    console.log(`plugin: npm ci in ${folder} (attempt ${attempt})`);
    const { status } = spawnSync(
      'npm',
      ['ci', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', ...options],
      { cwd: root, stdio: 'inherit' },
    );
    if (status === 0) {
      writeFileSync(stamp, wanted);
      return;
    }
  }
  console.error(`plugin: the packages of ${folder} could not be installed`);
  process.exit(1);
}
