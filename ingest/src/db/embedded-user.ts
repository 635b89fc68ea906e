import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

export interface PostgresUser {
  readonly uid: number;
  readonly gid: number;
}

const exec = promisify(execFile);

/**
 * PostgreSQL refuses to run as root. When we are root: the system's user `postgres`, made if there is none; otherwise
 * undefined (ourselves). @throws when that user could not reach `dir`, naming the folder in the way.
 */
export async function unprivilegedUser(dir: string): Promise<PostgresUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const user = await findUser().catch(async () => {
    await exec('groupadd', ['--force', '--system', 'postgres']);
    await exec('useradd', ['--system', '--no-create-home', '--gid', 'postgres', 'postgres']);
    return findUser();
  });
  for (let parent = path.dirname(dir); parent !== path.dirname(parent); parent = path.dirname(parent)) {
    const { mode, uid, gid } = await stat(parent);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if (!(mode & bit)) {
      throw new Error(
        `Running as root, the embedded PostgreSQL runs as user postgres, who may not enter ${parent}. Allow it (chmod o+x), start as another user, or set DATABASE_URL.`,
      );
    }
  }
  return user;
}

async function findUser(): Promise<PostgresUser> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await exec('id', [flag, 'postgres'])).stdout)),
  );
  return { uid: uid!, gid: gid! };
}
