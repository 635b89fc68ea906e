import { existsSync } from 'node:fs';
import path from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The browser on this machine: `CHROMIUM_PATH`, else the first of its names on the path; undefined without one. */
export function chromiumPath(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = env['CHROMIUM_PATH'];
  if (named !== undefined) {
    return existsSync(named) ? named : undefined;
  }
  const folders = (env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  return NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name))).find((file) =>
    existsSync(file),
  );
}

/** The browser for a test that needs one: skipped with a sentence without it, a failure where `CI` is set. */
export function chromiumForTests(what: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const found = chromiumPath(env);
  if (found === undefined) {
    const sentence = `Chromium is not on the path (or CHROMIUM_PATH): ${what} NOT tested.`;
    if (env['CI'] !== undefined && env['CI'] !== '') {
      throw new Error(sentence);
    }
    console.warn(sentence);
  }
  return found;
}
