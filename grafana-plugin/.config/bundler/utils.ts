import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { glob } from 'glob';
import { SOURCE_DIR } from './constants.ts';

function loadJson(file: string) {
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

export function getPackageJson() {
  return loadJson(path.resolve(process.cwd(), 'package.json'));
}

export function getPluginJson() {
  return loadJson(path.resolve(process.cwd(), SOURCE_DIR, 'plugin.json'));
}

export function getCPConfigVersion() {
  return loadJson(path.resolve(process.cwd(), '.config', '.cprc.json')).version;
}

/** One entry a plugin: every `plugin.json` below `src/` that has a `module.ts(x)` beside it (nested plugins included). */
export async function getEntries(): Promise<Record<string, string>> {
  const source = path.resolve(process.cwd(), SOURCE_DIR);
  const modules = await glob('**/module.{ts,tsx}', { cwd: source, absolute: true });
  const entries: Record<string, string> = {};
  for (const file of modules) {
    const folder = path.dirname(file);
    if (fs.existsSync(path.join(folder, 'plugin.json'))) {
      entries[path.posix.join(path.relative(source, folder), 'module')] = file;
    }
  }
  return entries;
}
