import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseToken, readTokenFile, TokenFile, writeTokenFile } from '../../src/feed/token-file.js';

let folder: string;
let path: string;
let logged: string;
const write = (line: string) => {
  logged += line;
};
const log = pino({ level: 'trace' }, { write });

beforeEach(async () => {
  logged = '';
  folder = await mkdtemp(join(tmpdir(), 'tickscope-token-'));
  path = join(folder, 'token');
});
afterEach(() => rm(folder, { recursive: true }));

describe('the token file', () => {
  it('is written for its owner only, in one step, and read back', async () => {
    const token = { accessToken: 'abc', apiKey: 'key', createdAt: 1_700_000_000_000 };
    await writeTokenFile(path, { accessToken: 'old' });
    await chmod(path, 0o644);
    await writeTokenFile(path, token);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readTokenFile(path, log)).toEqual(token);
    expect(await readdir(folder)).toEqual(['token']);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
      apiKey: 'key',
      accessToken: 'abc',
      createdAt: '2023-11-14T22:13:20.000Z',
    });
    expect(logged).toBe('');
  });

  it('may be a bare token line', () => {
    expect(parseToken(' abc\n')).toEqual({ accessToken: 'abc' });
  });

  it.each(['', 'two words', '{"accessToken":', '{"accessToken":""}', '{"token":"x"}', '{"accessToken":5}'])(
    'holds no token when it says %j',
    (text) => expect(parseToken(text)).toBeUndefined(),
  );

  it.each([0o644, 0o640, 0o604, 0o620, 0o660])(
    'is refused with mode %o, which others may use, without its content in the log',
    async (mode) => {
      await writeFile(path, 'hushhush');
      await chmod(path, mode);
      expect(await readTokenFile(path, log)).toBeUndefined();
      expect(logged).toContain('chmod 600');
      expect(logged).not.toContain('hushhush');
    },
  );

  it('is taken as soon as it is closed to others', async () => {
    await writeFile(path, 'hushhush');
    await chmod(path, 0o644);
    const onToken = vi.fn();
    const file = new TokenFile({ path, log, pollMs: 20, onToken });
    await file.start();
    expect(onToken).not.toHaveBeenCalled();
    await chmod(path, 0o600);
    await vi.waitFor(() => expect(onToken).toHaveBeenCalledWith({ accessToken: 'hushhush' }), {
      timeout: 20_000,
    });
    file.stop();
  });

  it('is nothing when it is not there', async () => {
    expect(await readTokenFile(path, log)).toBeUndefined();
    expect(logged).toBe('');
  });

  it.each([
    ['by the watch', 60_000],
    ['by polling, when the folder came later', 20],
  ])('is taken each time it changes, %s', async (how, pollMs) => {
    const late = how.includes('later') ? join(folder, 'later', 'token') : path;
    const seen: string[] = [];
    const file = new TokenFile({ path: late, log, pollMs, onToken: (token) => seen.push(token.accessToken) });
    await file.start();
    for (const accessToken of ['one', 'two']) {
      await writeTokenFile(late, { accessToken });
      await vi.waitFor(() => expect(seen.at(-1)).toBe(accessToken), { timeout: 20_000, interval: 5 });
    }
    // The same token given again is a login too: a broker that refused it may take it now.
    await writeTokenFile(late, { accessToken: 'two', createdAt: 5 });
    await vi.waitFor(() => expect(seen).toEqual(['one', 'two', 'two']), { timeout: 20_000, interval: 5 });
    await writeFile(late, '{"accessToken":');
    await vi.waitFor(() => expect(logged).toContain('holds no token'), { timeout: 20_000, interval: 5 });
    expect(seen).toEqual(['one', 'two', 'two']);
    file.stop();
    file.stop();
  });

  it('gives the token that is already there at the start', async () => {
    await writeTokenFile(path, { accessToken: 'one' });
    const onToken = vi.fn();
    const file = new TokenFile({ path, log, onToken });
    await file.start();
    expect(onToken).toHaveBeenCalledTimes(1);
    file.stop();
  });
});
