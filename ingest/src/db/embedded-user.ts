import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface PostgresUser {
  readonly uid: number;
  readonly gid: number;
}

const exec = promisify(execFile);

/** PostgreSQL refuses to run as root. When we are root: the system's user `postgres`, made if there is none. */
export async function unprivilegedUser(): Promise<PostgresUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  return findUser().catch(async () => {
    await exec('groupadd', ['--force', '--system', 'postgres']);
    await exec('useradd', ['--system', '--no-create-home', '--gid', 'postgres', 'postgres']);
    return findUser();
  });
}

async function findUser(): Promise<PostgresUser> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await exec('id', [flag, 'postgres'])).stdout)),
  );
  return { uid: uid!, gid: gid! };
}
