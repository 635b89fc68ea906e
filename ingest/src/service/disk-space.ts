import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Of the file system below a folder, in bytes. */
export interface DiskSpace {
  /** What we may still write. */
  readonly free: number;
  readonly size: number;
}

/** @param folder need not be there yet: with a database elsewhere nothing may have been written into it. */
export async function diskSpace(folder: string): Promise<DiskSpace> {
  try {
    const { bavail, bsize, blocks } = await statfs(folder);
    return { free: bavail * bsize, size: blocks * bsize };
  } catch (error) {
    const parent = dirname(resolve(folder));
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === resolve(folder)) throw error;
    return diskSpace(parent);
  }
}
