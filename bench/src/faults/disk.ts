import { execFile } from 'node:child_process';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const BALLAST = 'ballast';
const PORTION = Buffer.alloc(256 * 1024);

/** A file system of its own in memory, small enough to be filled up. */
export class SmallDisk {
  private constructor(readonly path: string) {}

  /** Mounts it on the folder `path`; undefined where that is not allowed: not Linux, or not root. */
  static async mount(path: string, mebibytes: number): Promise<SmallDisk | undefined> {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
    return exec('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=0755`, 'tmpfs', path]).then(
      () => new SmallDisk(path),
      () => undefined,
    );
  }

  /** Takes every free byte. */
  async fill(): Promise<void> {
    const file = await open(join(this.path, BALLAST), 'w');
    try {
      for (let portion = PORTION; portion.length > 0; ) {
        const written = await file.write(portion).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOSPC') throw error;
          return undefined;
        });
        if (!written) portion = portion.subarray(0, portion.length >> 1);
      }
    } finally {
      await file.close();
    }
  }

  /** Gives it back. */
  async empty(): Promise<void> {
    await rm(join(this.path, BALLAST), { force: true });
  }

  async unmount(): Promise<void> {
    await exec('umount', ['--lazy', this.path]);
  }
}
