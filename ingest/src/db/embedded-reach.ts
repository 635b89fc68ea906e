import { createHash } from 'node:crypto';
import { cp, mkdir, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from 'pino';
import type { PostgresBinaries } from './embedded-binaries.js';
import type { PostgresUser } from './embedded-user.js';

/*
 * Running as root, the embedded PostgreSQL is another user, who may not enter a clone under /root or in a folder that
 * `mktemp -d` made. Nobody's permissions are loosened for that: what the server needs lies in a folder of root's that
 * everybody may enter, and the place where it was looked for becomes a link to it.
 */
const REACHABLE = '/var/lib/tickscope';

/** The first folder above `file` that `user` may not enter; undefined when the way is free. */
export async function barredFolder(file: string, user: PostgresUser): Promise<string | undefined> {
  for (let parent = path.dirname(file); parent !== path.dirname(parent); parent = path.dirname(parent)) {
    const { mode, uid, gid } = await stat(parent);
    const mayEnter = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if (!(mode & mayEnter)) return parent;
  }
  return undefined;
}

/** `binaries`, or a copy of them that `user` can run. */
export async function reachableBinaries(
  binaries: PostgresBinaries,
  user: PostgresUser,
  log: Logger,
): Promise<PostgresBinaries> {
  const barred = await barredFolder(binaries.postgres, user);
  if (!barred) return binaries;
  const native = path.resolve(path.dirname(binaries.postgres), '..');
  const copy = path.join(
    REACHABLE,
    `postgres-${fingerprint(`${native} ${(await stat(binaries.postgres)).mtimeMs}`)}`,
  );
  if (!(await exists(copy))) {
    await mkdir(REACHABLE, { recursive: true, mode: 0o755 });
    const unfinished = `${copy}.${process.pid}`;
    await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
    await rename(unfinished, copy).catch(() => rm(unfinished, { recursive: true, force: true })); // another was first
    log.info({ copy, barred }, 'copied PostgreSQL to where user postgres may run it');
  }
  const at = (binary: string) => path.join(copy, path.relative(native, binary));
  return { postgres: at(binaries.postgres), initdb: at(binaries.initdb), pgCtl: at(binaries.pgCtl) };
}

/** `data`, made if absent, or where the link in its place leads. */
export async function reachableData(
  data: string,
  user: PostgresUser | undefined,
  log: Logger,
): Promise<string> {
  const linked = await readlink(data).catch(() => undefined);
  if (linked !== undefined) {
    await mkdir(linked, { recursive: true });
    return linked;
  }
  await mkdir(path.dirname(data), { recursive: true });
  const barred = user && (await barredFolder(data, user));
  if (!barred || (await exists(data))) {
    if (barred)
      throw new Error(`User postgres may not enter ${barred}. Allow it (chmod o+x), or set DATABASE_URL.`);
    await mkdir(data, { recursive: true });
    return data;
  }
  const elsewhere = path.join(REACHABLE, `data-${fingerprint(data)}`);
  // A clone that was here before may be gone, and its data with it.
  await rm(elsewhere, { recursive: true, force: true });
  await mkdir(elsewhere, { recursive: true, mode: 0o755 });
  await symlink(elsewhere, data);
  log.info({ data, elsewhere, barred }, 'keeping the data where user postgres may go, with a link to it');
  return elsewhere;
}

function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** Whether there is anything at `file`, links followed. */
export async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
