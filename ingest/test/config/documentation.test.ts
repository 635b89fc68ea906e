import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/config.js';
import { describeEnvironment, redact, settingsTable } from '../../src/config/print.js';
import { settingSchemas } from '../../src/config/settings.js';

const root = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

describe('documentation', () => {
  test('the table in README.md is the schema', () => {
    expect(read('README.md')).toContain(settingsTable());
  });

  test('.env.example names every variable and changes nothing as it is', () => {
    const example = read('.env.example');
    // The part of docker compose is checked with docker-compose.yml.
    const [own] = example.split('# ---- docker compose');
    const named = [...own!.matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm)].map((match) => match[1]);
    expect(named.sort()).toEqual(
      settingSchemas()
        .map(([name]) => name)
        .sort(),
    );
    expect(example.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
  });

  test('each default that is shown is the default that is used', () => {
    const config = parseConfig({}, '/');
    expect(settingsTable()).toContain(`| \`TICKSCOPE_PORT\` | \`${config.http.port}\` |`);
    expect(settingsTable()).toContain(`| \`RETENTION_TICKS_DAYS\` | \`${config.retention.ticksDays}\` |`);
  });
});

describe('printing', () => {
  test('shows what is set and hides secrets', () => {
    expect(
      describeEnvironment({
        DATABASE_URL: 'postgres://me:hunter2@db.example:5432/x?sslmode=require&sslpassword=hunter3',
        KITE_API_SECRET: 'hunter4',
        LOG_LEVEL: 'warn',
        HOME: '/root',
      }),
    ).toEqual({
      DATABASE_URL: 'postgres://me:***@db.example:5432/x?sslmode=require&sslpassword=***',
      KITE_API_SECRET: '***',
      LOG_LEVEL: 'warn',
    });
  });

  test('a secret that only looks like a URL is hidden whole', () => {
    expect(redact('abc://hunter5')).toBe('***');
    expect(redact('plain')).toBe('***');
  });
});
