#!/usr/bin/env node
import { existsSync } from 'node:fs';

const main = new URL('../dist/src/cli/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  console.error('tickscope is not built yet: run `npm run build` in the repository root.');
  process.exitCode = 2;
}
