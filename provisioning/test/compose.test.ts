import { existsSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../ingest/src/config/config.js';
import { settingSchemas } from '../../ingest/src/config/settings.js';
import { environmentOf, readCompose, references } from './compose.js';
import { namesIn, ROOT, readText } from './files.js';

const compose = readCompose();
const { services } = compose;
const text = readText('docker-compose.yml');
const [, example] = readText('.env.example').split('# ---- docker compose');
const settings = settingSchemas().map(([name]) => name as string);
const SECRETS = [
  'GRAFANA_ADMIN_PASSWORD',
  'POSTGRES_PASSWORD',
  'TICKSCOPE_DB_OWNER_PASSWORD',
  'TICKSCOPE_DB_PASSWORD',
  'TICKSCOPE_READ_TOKEN',
  'TICKSCOPE_TOKEN',
];
const env = Object.fromEntries(SECRETS.map((name, i) => [name, `secret${i}`]));

describe('docker-compose.yml', () => {
  it('is refused with a sentence for every password and token that is missing, and has no default for one', () => {
    const required = references(text).filter(({ operator }) => operator === ':?');
    expect([...new Set(required.map(({ name }) => name))].sort()).toEqual(SECRETS);
    for (const { text: sentence } of required) expect(sentence).toContain('provisioning/secrets.sh');
    const optional = references(text).filter(({ operator }) => operator === ':-');
    for (const { name, text: fallback } of optional) {
      if (/PASSWORD|TOKEN$|SECRET|KEY/.test(name)) expect(fallback, name).toBe('');
    }
    expect(() => environmentOf(services['ingest']!, { ...env, TICKSCOPE_TOKEN: '' })).toThrow(
      /TICKSCOPE_TOKEN/,
    );
    for (const name of SECRETS) expect(readText('provisioning/secrets.sh')).toContain(name);
  });

  it('takes nothing from .env that .env.example does not name, and .env.example names nothing else', () => {
    const asked = new Set(references(text).map(({ name }) => name));
    for (const { environment } of Object.values(compose.secrets)) asked.add(environment);
    const named = [...example!.matchAll(/^# ([A-Z][A-Z0-9_]+)=(.*)$/gm)].map(([, name]) => name!);
    expect([...asked].filter((name) => !settings.includes(name) && !named.includes(name))).toEqual([]);
    expect(named.filter((name) => !asked.has(name))).toEqual([]);
    for (const [, name, shown] of example!.matchAll(/^# ([A-Z][A-Z0-9_]+)=(.+)$/gm)) {
      const fallbacks = references(text)
        .filter((one) => one.name === name)
        .map((one) => one.text);
      expect(new Set(fallbacks), name).toEqual(new Set([shown]));
    }
  });

  it('hands every setting to ingest, which starts with them', () => {
    const given = Object.keys(services['ingest']!.environment!);
    const missing = settings.filter((name) => !given.includes(name));
    expect(missing, 'add them to the service ingest of docker-compose.yml, as NAME: $' + '{NAME:-}').toEqual(
      [],
    );
    expect(given.filter((name) => !settings.includes(name) && name !== 'PGPASSWORD')).toEqual([]);
    const config = parseConfig(environmentOf(services['ingest']!, env), '/');
    expect(config.warnings).toEqual([]);
    expect(config.broker).toBe('simulator');
    expect(config.http).toMatchObject({ host: '0.0.0.0', port: 8000, token: env['TICKSCOPE_TOKEN'] });
    expect(config.dataDir).toBe('/data');
    const kite = { ...env, KITE_API_KEY: 'k', TICKSCOPE_DB_NAME: 'tickscope_live', RETENTION: 'lean' };
    const live = parseConfig(environmentOf(services['ingest']!, kite), '/');
    expect(live.broker).toBe('kite');
    expect(live.database.url).toMatch(/\/tickscope_live$/);
    expect(live.retention.candlesDays['1m']).toBe(30);
  });

  it('gives Grafana every variable that the provisioning asks for', () => {
    const asked = new Set<string>();
    for (const folder of ['alerting', 'dashboards', 'datasources', 'plugins']) {
      for (const name of namesIn(`provisioning/${folder}`, '.yaml')) {
        // Labels and values of alert templates and PromQL have no braces after the dollar sign.
        const found = readText(`provisioning/${folder}/${name}`).matchAll(/\$\{([A-Z_]+)\}/g);
        for (const [, variable] of found) asked.add(variable!);
      }
    }
    const native = readText('provisioning/grafana.env');
    const image = readText('grafana-plugin/Dockerfile');
    const given = Object.keys(services['grafana']!.environment!);
    expect(asked.size).toBeGreaterThan(8);
    for (const name of asked) {
      expect(given.includes(name) || image.includes(`${name}=`), `${name} in compose`).toBe(true);
      expect(native, `${name} in grafana.env`).toMatch(new RegExp(`^${name}=`, 'm'));
    }
  });

  it('pins every image exactly, and says that none was pulled', () => {
    expect(text).toContain('They were not pulled');
    const images = Object.values(services)
      .filter(({ build }) => !build)
      .map(({ image }) => image);
    const froms = Object.values(services).flatMap(({ build }) =>
      build ? [...readText(build.dockerfile).matchAll(/^FROM (\S+)/gm)].map(([, from]) => from!) : [],
    );
    expect(images.length + froms.length).toBeGreaterThan(7);
    for (const image of [...images, ...froms])
      expect(image).toMatch(/^[a-z/]+:v?\d+\.\d+\.\d+(-[a-z0-9]+)*$/);
  });

  it('listens on 127.0.0.1 alone, drops what a process may do, and keeps logs short', () => {
    for (const [name, service] of Object.entries(services)) {
      for (const port of service.ports ?? [])
        expect(port, name).toMatch(/^127\.0\.0\.1:\$\{[A-Z_]+:-\d+\}:\d+$/);
      expect(service.cap_drop, name).toEqual(['ALL']);
      expect(service.security_opt, name).toEqual(['no-new-privileges:true']);
      expect(service.logging!.options['max-size'], name).toBeDefined();
      expect(service.restart, name).toBe(name === 'database-init' ? 'no' : 'unless-stopped');
    }
    expect(services['database']!.ports).toBeUndefined();
  });

  it('starts each service when what it needs is healthy, and each long-lived one says when it is', () => {
    for (const [name, { healthcheck, depends_on: needs }] of Object.entries(services)) {
      expect(healthcheck === undefined, name).toBe(name === 'database-init');
      for (const [needed, { condition }] of Object.entries(needs ?? {})) {
        const ends = needed === 'database-init';
        expect(condition).toBe(ends ? 'service_completed_successfully' : 'service_healthy');
        expect(services[needed]).toBeDefined();
      }
    }
  });

  it('mounts files that are there, and volumes that are named', () => {
    for (const { volumes = [], secrets = [] } of Object.values(services)) {
      for (const volume of volumes) {
        const [source, target, mode] = volume.split(':');
        expect(target).toMatch(/^\//);
        if (source!.startsWith('./')) {
          expect(statSync(ROOT + source!.slice(2)).isFile(), source).toBe(true);
          expect(mode).toBe('ro');
        } else expect(Object.keys(compose.volumes)).toContain(source);
      }
      for (const { source } of secrets) expect(Object.keys(compose.secrets)).toContain(source);
    }
    const used = Object.values(services).flatMap(({ volumes = [] }) =>
      volumes.map((volume) => volume.split(':')[0]!),
    );
    expect(Object.keys(compose.volumes).filter((name) => !used.includes(name))).toEqual([]);
  });

  it('finds the files of prometheus.yml where they are mounted', () => {
    const config = readText('provisioning/prometheus/prometheus.yml');
    const { volumes = [], secrets = [], command = [] } = services['prometheus']!;
    const mounted = [
      ...volumes.map((volume) => volume.split(':')[1]!),
      ...secrets.map(({ target }) => target),
    ];
    for (const file of ['rules.yml', 'targets.yml', 'read-token']) {
      expect(config).toContain(file);
      expect(mounted).toContain(`/etc/prometheus/${file}`);
    }
    expect(command).toContain('--config.file=/etc/prometheus/prometheus.yml');
    expect(readText('provisioning/prometheus/compose-targets.yml')).toContain(
      "'ingest:8000'".replaceAll("'", '"'),
    );
  });

  it('asks each service for its health on a port and path that it has', () => {
    const test = (name: string) => services[name]!.healthcheck!.test.join(' ');
    expect(test('ingest')).toContain('127.0.0.1:8000/health/db');
    expect(readText('ingest/src/api/routes/health/health.ts')).toContain("'/health/db'");
    expect(test('prometheus')).toContain('127.0.0.1:9090/-/ready');
    expect(test('grafana')).toContain('127.0.0.1:3000/api/health');
    expect(test('database')).toContain('pg_isready');
    for (const name of ['ingest', 'prometheus', 'grafana']) {
      const inside = services[name]!.ports![0]!.split(':').at(-1);
      expect(test(name)).toContain(`127.0.0.1:${inside}/`);
    }
  });
});

describe('the Dockerfiles', () => {
  const files = Object.values(services).flatMap(({ build }) => (build ? [build.dockerfile] : []));
  const ignored = readText('.dockerignore').split('\n');

  it.each(files)('%s copies what is in the repository and let through by .dockerignore', (file) => {
    const copies = [...readText(file).matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, rest]) =>
      rest!.split(' ').slice(0, -1),
    );
    expect(copies.length).toBeGreaterThan(3);
    for (const path of copies) {
      expect(existsSync(ROOT + path), path).toBe(true);
      const let_ = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
      expect(
        let_.some((line) => path === line || path.startsWith(`${line}/`)),
        `${path} in .dockerignore`,
      ).toBe(true);
    }
  });

  it.each(files)(
    '%s ends as a user that is not root, copies between stages that it has, and has a health check',
    (file) => {
      const dockerfile = readText(file);
      expect([...dockerfile.matchAll(/^USER (\d+)/gm)].at(-1)?.[1]).toMatch(/^[1-9]\d*$/);
      const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\S+)/gm)].map(([, name]) => name!);
      for (const [, from] of dockerfile.matchAll(/^COPY --from=(\S+)/gm)) expect(stages).toContain(from);
      expect(dockerfile).toMatch(/^HEALTHCHECK/m);
    },
  );

  it('build the back end under the name that the plugin asks for', () => {
    const { executable } = JSON.parse(readText('grafana-plugin/src/datasource/plugin.json')) as {
      executable: string;
    };
    expect(readText('grafana-plugin/Dockerfile')).toContain(`/out/${executable}_linux_$(go env GOARCH)`);
    expect(readText('grafana-plugin/go.mod')).toMatch(/^go 1\.26/m);
  });

  it('let Grafana load the plugins by the names that they have', () => {
    const ids = ['', 'datasource/', 'panel/'].map((folder) => {
      const { id } = JSON.parse(readText(`grafana-plugin/src/${folder}plugin.json`)) as { id: string };
      return id;
    });
    for (const file of ['grafana-plugin/Dockerfile', 'provisioning/grafana.env']) {
      expect(/ALLOW_LOADING_UNSIGNED_PLUGINS="?([\w,-]+)/.exec(readText(file))?.[1]?.split(',')).toEqual(ids);
    }
    expect(readText('provisioning/plugins/tickscope.yaml')).toContain(`type: ${ids[0]}`);
    expect(readText('provisioning/datasources/tickscope.yaml')).toContain(`type: ${ids[1]}`);
  });

  it('show the market overview first', () => {
    const home = /DEFAULT_HOME_DASHBOARD_PATH=\S*?\/([\w-]+\.json)/.exec(
      readText('grafana-plugin/Dockerfile'),
    )?.[1];
    const { uid } = JSON.parse(readText(`dashboards/json/${home}`)) as { uid: string };
    expect(uid).toBe('tickscope-overview');
  });
});
