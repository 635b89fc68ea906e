import { execFile, spawn } from 'node:child_process';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyFolder, freePort, Tickscope } from '../../ingest/test/e2e/process.js';
import { onPlainPostgres } from '../../ingest/test/fixtures/databases.js';
import { alertRules, isPrometheus } from './alert-rules.js';
import { environmentOf, readCompose } from './compose.js';
import { ROOT, readText, readYaml } from './files.js';
import { has } from './promtool.js';

/**
 * The stack of docker-compose.yml without Docker: each service's own command and environment, with loopback addresses
 * in place of the services' names. Grafana is started by hand.
 */
const { services } = readCompose();
const DATABASE = 'tickscope_native';
/** Seconds; minutes where other tests take the processor. */
const READY_WITHIN_MS = 150_000;
const ENV = {
  POSTGRES_PASSWORD: '',
  TICKSCOPE_DB_NAME: DATABASE,
  TICKSCOPE_DB_OWNER_PASSWORD: "own'er $1",
  TICKSCOPE_DB_PASSWORD: 'reader-1',
  TICKSCOPE_TOKEN: 'admin-token',
  TICKSCOPE_READ_TOKEN: 'read-token',
  GRAFANA_ADMIN_PASSWORD: 'x',
  SIMULATOR_CALENDAR: 'nonstop',
  SIMULATOR_INSTRUMENTS: '60',
  SIMULATOR_RATE: '60',
};

describe.skipIf(!has('psql') || !has('prometheus'))('the stack of compose, natively', () => {
  const server = onPlainPostgres();
  let folder: Awaited<ReturnType<typeof emptyFolder>>;
  let ingest: Tickscope | undefined;
  let prometheus: ReturnType<typeof spawn> | undefined;
  let database: { host: string; port: string };
  let ingestUrl = '';
  let prometheusUrl = '';

  const login = async (user: string, password: string) => {
    const client = new pg.Client({
      ...database,
      port: Number(database.port),
      user,
      password,
      database: DATABASE,
    });
    await client.connect();
    return client;
  };
  const query = async (expr: string) => {
    const response = await fetch(`${prometheusUrl}/api/v1/query?${new URLSearchParams({ query: expr })}`);
    return (await response.json()) as { status: string; error?: string; data: { result: unknown[] } };
  };
  const until = async (what: string, check: () => Promise<boolean>) => {
    for (const deadline = Date.now() + 90_000; Date.now() < deadline; ) {
      if (await check().catch(() => false)) return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    throw new Error(`${what}: not within 90 s. ${ingest?.output}`);
  };

  beforeAll(async () => {
    folder = await emptyFolder();
    const url = new URL((await server.open({ migrated: false })).url);
    database = { host: url.hostname, port: url.port };
    const env = { ...ENV, POSTGRES_PASSWORD: url.password };

    // database-init, twice: each `up` runs it again.
    const init = environmentOf(services['database-init']!, env);
    const admin = { ...init, PGHOST: url.hostname, PGPORT: url.port, PGUSER: url.username };
    for (let i = 0; i < 2; i++) {
      await promisify(execFile)('/bin/sh', [`${ROOT}provisioning/postgres/init.sh`], {
        env: { PATH: process.env['PATH'] ?? '', ...admin },
      });
    }

    const port = await freePort();
    ingestUrl = `http://127.0.0.1:${port}`;
    const given = environmentOf(services['ingest']!, env);
    ingest = new Tickscope(['serve'], folder.path, {
      ...given,
      DATABASE_URL: given['DATABASE_URL']!.replace('@database:5432', `@${url.host}`),
      TICKSCOPE_DATA_DIR: join(folder.path, 'data'),
      TICKSCOPE_PORT: String(port),
    });
    await ingest.ready(`${ingestUrl}/health/ready`, READY_WITHIN_MS);

    const config = join(folder.path, 'prometheus');
    await mkdir(config);
    for (const name of ['prometheus.yml', 'rules.yml']) {
      await copyFile(`${ROOT}provisioning/prometheus/${name}`, join(config, name));
    }
    const targets = readText('provisioning/prometheus/compose-targets.yml');
    await writeFile(join(config, 'targets.yml'), targets.replace('ingest:8000', `127.0.0.1:${port}`));
    await writeFile(join(config, 'read-token'), ENV.TICKSCOPE_READ_TOKEN);
    const listen = await freePort();
    prometheusUrl = `http://127.0.0.1:${listen}`;
    const flags = services['prometheus']!.command!.map((flag) =>
      flag.replace('/etc/prometheus', config).replace('=/prometheus', `=${join(folder.path, 'tsdb')}`),
    );
    prometheus = spawn('prometheus', [...flags, `--web.listen-address=127.0.0.1:${listen}`], {
      stdio: 'ignore',
    });
    await until('Prometheus has scraped twice', async () => {
      const { data } = await query('count_over_time(up{job="tickscope"}[5m]) > 3');
      return data.result.length > 0;
    });
  }, 240_000);
  afterAll(async () => {
    if (prometheus) {
      const ended = new Promise((resolve) => prometheus!.once('close', resolve));
      prometheus.kill('SIGTERM');
      await ended;
    }
    ingest?.child.kill('SIGTERM');
    await ingest?.exit;
    await folder?.remove();
  }, 180_000);

  it('lets ingest in as a plain owner and Grafana as a reader', async () => {
    const owner = await login('tickscope_owner', ENV.TICKSCOPE_DB_OWNER_PASSWORD);
    const { rows } = await owner.query(
      'select rolsuper, rolcreaterole, rolcreatedb from pg_roles where rolname = current_user',
    );
    expect(rows).toEqual([{ rolsuper: false, rolcreaterole: false, rolcreatedb: false }]);
    expect((await owner.query('select origin from data_origin')).rows).toEqual([{ origin: 'simulator:1' }]);
    await owner.end();

    const reader = await login('tickscope_grafana', ENV.TICKSCOPE_DB_PASSWORD);
    expect((await reader.query('select count(*)::int as n from instruments')).rows[0].n).toBe(60);
    await reader.query('select * from candles_1m limit 1');
    expect((await reader.query('show statement_timeout')).rows[0].statement_timeout).toBe('30s');
    await expect(reader.query('delete from tick_data')).rejects.toThrow(/read-only/);
    await reader.query('set default_transaction_read_only = off');
    await expect(reader.query('delete from tick_data')).rejects.toThrow(/permission denied/);
    await expect(reader.query('create table mine (x int)')).rejects.toThrow(/permission denied/);
    await reader.end();
  });

  it('finds ingest healthy with the command of its health check, and unhealthy once it is elsewhere', async () => {
    const [, program, ...args] = services['ingest']!.healthcheck!.test;
    const at = (port: string) => args.map((arg) => arg.replace(':8000/', `:${port}/`));
    await promisify(execFile)(program!, at(new URL(ingestUrl).port));
    await expect(promisify(execFile)(program!, at(String(await freePort())))).rejects.toThrow();
  });

  it('finds database and Prometheus ready with the commands of their health checks, and not where they are not', async () => {
    const nowhere = String(await freePort());
    const commands = [
      {
        service: 'database',
        at: '--host=127.0.0.1',
        to: (port: string) => `--host=127.0.0.1 --port=${port}`,
      },
      { service: 'prometheus', at: ':9090/', to: (port: string) => `:${port}/` },
    ];
    const ports: Record<string, string> = {
      database: database.port,
      prometheus: new URL(prometheusUrl).port,
    };
    for (const { service, at, to } of commands) {
      const [, program, ...args] = services[service]!.healthcheck!.test;
      if (!has(program!)) continue;
      const check = (port: string) => {
        expect(args.join(' ')).toContain(at);
        const moved = args.flatMap((arg) => arg.replace(at, to(port)).split(' '));
        return promisify(execFile)(program!, moved);
      };
      await check(ports[service]!);
      await expect(check(nowhere), service).rejects.toThrow();
    }
  });

  it('keeps metrics from whoever has no token', async () => {
    expect((await fetch(`${ingestUrl}/metrics`)).status).toBe(401);
    expect((await query('up{job="tickscope"} == 1')).data.result).toHaveLength(1);
  });

  it('evaluates every recording rule', async () => {
    await until('every rule was evaluated', async () => {
      const response = await fetch(`${prometheusUrl}/api/v1/rules`);
      const { data } = (await response.json()) as {
        data: { groups: Array<{ rules: Array<{ name: string; health: string; lastError?: string }> }> };
      };
      const rules = data.groups.flatMap(({ rules }) => rules);
      const failed = rules.filter(({ health }) => health === 'err');
      if (failed.length > 0) throw new Error(JSON.stringify(failed));
      return rules.length > 20 && rules.every(({ health }) => health === 'ok');
    });
    for (const name of [
      'tickscope:ticks_received:rate1m',
      'tickscope:market_open',
      'tickscope:disk_free:ratio',
    ]) {
      expect((await query(`${name} > 0`)).data.result, name).toHaveLength(1);
    }
  }, 180_000);

  it('takes every query of every alert rule, and each names metrics that ingest has', async () => {
    const metrics = await fetch(`${ingestUrl}/metrics`, {
      headers: { authorization: `Bearer ${ENV.TICKSCOPE_READ_TOKEN}` },
    });
    const declared = new Set(
      [...(await metrics.text()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!),
    );
    const recorded = readYaml<{ groups: Array<{ rules: Array<{ expr: string }> }> }>(
      'provisioning/prometheus/rules.yml',
    ).groups.flatMap(({ rules }) => rules.map(({ expr }) => ({ from: 'rules.yml', expr })));
    const asked = alertRules().flatMap(({ uid, data }) =>
      data.filter(isPrometheus).map(({ model }) => ({ from: uid, expr: model.expr! })),
    );
    expect(asked.length).toBeGreaterThan(20);
    for (const { from, expr } of [...asked, ...recorded]) {
      const { status, error } = await query(expr);
      expect(status, `${from}: ${error}`).toBe('success');
      for (const [name] of expr.matchAll(/\btickscope_[a-z_]+\b/g)) {
        const family = name.replace(/_(bucket|count|sum)$/, '');
        expect(declared.has(name) || declared.has(family), `${from}: ingest has no metric ${name}`).toBe(
          true,
        );
      }
    }
  });

  it('answers every query that has no reason to be empty', async () => {
    // No login to a simulator; India VIX has a value after its first minute and a regime after 20; the first bucket is
    // materialized after 2 minutes; nobody has asked the database yet.
    const mayBeEmpty = ['login', 'vix-jump', 'vix-regime', 'aggregate-lag', 'database-slow'].map(
      (name) => `tickscope-${name}`,
    );
    const asked = alertRules().filter(({ uid }) => !mayBeEmpty.includes(uid));
    const empty: string[] = [];
    for (const { uid, data } of asked) {
      for (const { model } of data.filter(isPrometheus)) {
        await until(
          `${uid} has an answer`,
          async () => (await query(model.expr!)).data.result.length > 0,
        ).catch(() => empty.push(uid));
      }
    }
    expect(empty).toEqual([]);
  }, 240_000);
});
