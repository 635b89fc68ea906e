/** Runs a bench of this folder, which is TypeScript: `node bench/run.mjs panel`. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const plugin = fileURLToPath(new URL('..', import.meta.url));
process.chdir(plugin);
const name = process.argv[2] ?? 'panel';
// Below node_modules, so that what is imported is found from there.
const folder = path.join(plugin, 'node_modules', '.bench');
mkdirSync(folder, { recursive: true });
const outfile = path.join(folder, `${name}.mjs`);
await build({
  entryPoints: [`bench/${name}.ts`],
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  target: 'node20',
  outfile,
  logLevel: 'error',
});
await import(pathToFileURL(outfile).href);
