import { randomBytes } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Logger } from 'pino';
import Type from 'typebox';
import Value from 'typebox/value';

/** A broker's access token, as it lies in the token file. */
export interface StoredToken {
  readonly accessToken: string;
  readonly apiKey?: string | undefined;
  /** Epoch milliseconds of the login; undefined for a bare token line. */
  readonly createdAt?: number | undefined;
}

const OWNER_ONLY = 0o600;
const OTHERS = 0o077;
const POLL_MS = 5_000;
/** Editors and scripts write in several steps: the file is read when it has been quiet for so long. */
const SETTLE_MS = 50;

const TokenJson = Type.Object({
  accessToken: Type.String({ minLength: 1, pattern: '^\\S+$' }),
  apiKey: Type.Optional(Type.String()),
  createdAt: Type.Optional(Type.String()),
});

/** Reads `{"accessToken", "apiKey"?, "createdAt"?}` or one bare token line; undefined for anything else. */
export function parseToken(text: string): StoredToken | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith('{')) return /^\S+$/.test(trimmed) ? { accessToken: trimmed } : undefined;
  let json: unknown;
  try {
    json = JSON.parse(trimmed);
  } catch {
    return undefined;
  }
  if (!Value.Check(TokenJson, json)) return undefined;
  const createdAt = Date.parse(json.createdAt ?? '');
  return {
    accessToken: json.accessToken,
    apiKey: json.apiKey,
    createdAt: Number.isNaN(createdAt) ? undefined : createdAt,
  };
}

/** Replaces the token file in one step, readable by its owner only. A reader sees the old or the new one, never half. */
export async function writeTokenFile(path: string, token: StoredToken): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  const { accessToken, apiKey, createdAt } = token;
  const content = { apiKey, accessToken, createdAt: createdAt && new Date(createdAt).toISOString() };
  try {
    const file = await open(draft, 'wx', OWNER_ONLY);
    try {
      await file.writeFile(`${JSON.stringify(content)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await chmod(draft, OWNER_ONLY);
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/**
 * The stored token; undefined when there is no file, nothing usable in it, or when others may read it: who can read it can
 * trade with it. The log says which.
 */
export async function readTokenFile(path: string, log: Logger): Promise<StoredToken | undefined> {
  let text: string;
  try {
    const { mode } = await stat(path);
    if ((mode & OTHERS) !== 0) {
      log.error(
        { path, mode: (mode & 0o777).toString(8) },
        'The token file is open to other users and is not used: chmod 600 it, and log in again if others may have read it',
      );
      return undefined;
    }
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      log.warn({ path, code: (error as NodeJS.ErrnoException).code }, 'The token file cannot be read');
    }
    return undefined;
  }
  const token = parseToken(text);
  if (!token && text.trim() !== '') log.warn({ path }, 'The token file holds no token');
  return token;
}

export interface TokenFileOptions {
  readonly path: string;
  readonly log: Logger;
  /** Called with each login, the first included: a new token, or the same one given again at another time. */
  readonly onToken: (token: StoredToken) => void;
  /** Between two looks at the file, for folders whose changes are not announced (network mounts, containers). */
  readonly pollMs?: number;
}

/** Watches the token file, so that the login of each morning is taken without a restart. */
export class TokenFile {
  readonly #o: TokenFileOptions;
  #last: StoredToken | undefined;
  #watcher: FSWatcher | undefined;
  #poll: NodeJS.Timeout | undefined;
  #settle: NodeJS.Timeout | undefined;
  #running = false;
  /** What was seen at the last look, so that a file left alone is neither read nor warned about again. */
  #seen = '';

  constructor(options: TokenFileOptions) {
    this.#o = options;
  }

  /** Reads the file once and watches it from then on. */
  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    await this.#look();
    if (!this.#running) return;
    this.#watchFolder();
    this.#poll = setInterval(() => {
      if (!this.#watcher) this.#watchFolder();
      void this.#look();
    }, this.#o.pollMs ?? POLL_MS);
    this.#poll.unref();
  }

  stop(): void {
    this.#running = false;
    clearInterval(this.#poll);
    clearTimeout(this.#settle);
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** The folder, not the file: a rename replaces the file that a watch on itself would go on watching. */
  #watchFolder(): void {
    const name = basename(this.#o.path);
    try {
      this.#watcher = watch(dirname(this.#o.path), { persistent: false }, (_event, changed) => {
        if (changed !== null && changed !== name) return;
        clearTimeout(this.#settle);
        this.#settle = setTimeout(() => void this.#look(), SETTLE_MS);
      });
      this.#watcher.on('error', () => {
        this.#watcher?.close();
        this.#watcher = undefined;
      });
    } catch {
      // The folder is not there yet, or cannot be watched: polling goes on.
      this.#watcher = undefined;
    }
  }

  async #look(): Promise<void> {
    const found = await stat(this.#o.path).catch(() => undefined);
    const seen = found ? `${found.ino} ${found.mtimeMs} ${found.size} ${found.mode}` : '';
    if (seen === this.#seen) return;
    this.#seen = seen;
    const token = await readTokenFile(this.#o.path, this.#o.log);
    if (!this.#running || !token || sameLogin(token, this.#last)) return;
    this.#last = token;
    this.#o.onToken(token);
  }
}

function sameLogin(one: StoredToken, other: StoredToken | undefined): boolean {
  return one.accessToken === other?.accessToken && one.createdAt === other.createdAt;
}
