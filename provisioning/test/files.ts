import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

/** The repository's root, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export const readText = (path: string): string => readFileSync(ROOT + path, 'utf8');

/** A YAML file of the repository, merge keys resolved. */
export const readYaml = <T>(path: string): T => parse(readText(path), { merge: true }) as T;

/** Names in a folder of the repository with this ending, in order. */
export const namesIn = (folder: string, ending: string): string[] =>
  readdirSync(ROOT + folder)
    .filter((name) => name.endsWith(ending))
    .sort();
