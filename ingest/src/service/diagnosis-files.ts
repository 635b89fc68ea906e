import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import dotenv from 'dotenv';
import type { Config } from '../config/config.js';
import { secretNames } from '../config/print.js';
import type { Finding } from './diagnosis.js';

const OTHERS = 0o077;
const MEBIBYTE = 1024 ** 2;

/** What lies in files, and who may read it. */
export async function fileFindings(config: Config, folder: string, spoolDir: string): Promise<Finding[]> {
  const findings = await Promise.all([
    kiteTokenFinding(config),
    fyersTokenFinding(config),
    environmentFinding(folder),
    spoolFinding(spoolDir),
  ]);
  return findings.filter((finding) => finding !== undefined);
}

async function kiteTokenFinding({ broker, kite }: Config): Promise<Finding | undefined> {
  if (broker !== 'kite' || kite.accessToken) return undefined;
  return tokenFileFinding('token file', kite.tokenFile, 'run `tickscope login`');
}

async function fyersTokenFinding({ fyers }: Config): Promise<Finding | undefined> {
  if (!fyers || fyers.accessToken) return undefined;
  return tokenFileFinding('token file of Fyers', fyers.tokenFile, "put today's access token of Fyers there");
}

async function tokenFileFinding(what: string, path: string, todo: string): Promise<Finding> {
  const mode = await modeOf(path);
  if (mode === undefined) return { what, verdict: 'attention', found: `${path} is not there`, todo };
  if ((mode & OTHERS) === 0) return { what, verdict: 'ok', found: `${path}, its owner's alone` };
  return {
    what,
    verdict: 'broken',
    found: `${path} has mode ${octal(mode)} and is not used: other users may read the token`,
    todo: `chmod 600 ${path}, and log in again if others may have read it`,
  };
}

async function environmentFinding(folder: string): Promise<Finding | undefined> {
  const path = join(folder, '.env');
  const mode = await modeOf(path);
  if (mode === undefined || (mode & OTHERS) === 0) return undefined;
  const set = dotenv.parse(await readFile(path));
  const exposed = secretNames().filter((name) => set[name]);
  if (exposed.length === 0) return undefined;
  return {
    what: 'environment file',
    verdict: 'attention',
    found: `${path} has mode ${octal(mode)} and holds ${exposed.join(', ')}: other users may read them`,
    todo: `chmod 600 ${path}`,
  };
}

/** @param spoolDir holds a folder for each database */
async function spoolFinding(spoolDir: string): Promise<Finding> {
  const what = 'spool';
  const entries = await readdir(spoolDir, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const bytes = (await Promise.all(files.map((file) => stat(file).catch(() => undefined)))).reduce(
    (sum, found) => sum + (found?.size ?? 0),
    0,
  );
  const size = `${(bytes / MEBIBYTE).toFixed(1)} MiB in ${spoolDir}`;
  const damaged = files.filter((file) => file.endsWith('.damaged'));
  if (damaged.length === 0) return { what, verdict: 'ok', found: size };
  return {
    what,
    verdict: 'attention',
    found: `${size}, of it ${damaged.length} files that could not be brought in: ${damaged.join(', ')}`,
    todo: 'their time is a gap and heals like any other; delete them when nobody wants to look into them',
  };
}

async function modeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mode }) => mode & 0o777,
    () => undefined,
  );
}

function octal(mode: number): string {
  return mode.toString(8).padStart(3, '0');
}
