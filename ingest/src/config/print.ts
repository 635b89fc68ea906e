import type { Environment } from './config.js';
import { type SettingSchema, settingSchemas } from './settings.js';

/** The table of README.md: one row a variable, in the schema's order. */
export function settingsTable(): string {
  const rows = settingSchemas().map(
    ([name, schema]) => `| \`${name}\` | ${defaultOf(schema)} | ${schema.description} |`,
  );
  return ['| variable | default | what it sets |', '| --- | --- | --- |', ...rows].join('\n');
}

/** What is set, for people to look at: secrets are not shown. */
export function describeEnvironment(env: Environment): Record<string, string> {
  const set: Record<string, string> = {};
  for (const [name, schema] of settingSchemas()) {
    const value = env[name]?.trim();
    if (value) set[name] = schema.secret ? redact(value) : value;
  }
  return set;
}

/** Variables whose values are never shown. */
export function secretNames(): string[] {
  return settingSchemas().flatMap(([name, schema]) => (schema.secret ? [name] : []));
}

/** A database's URL without its passwords, anything else as asterisks. */
export function redact(secret: string): string {
  if (!/^postgres(ql)?:\/\//.test(secret) || !URL.canParse(secret)) return '***';
  const url = new URL(secret);
  if (url.password) url.password = '***';
  for (const name of url.searchParams.keys()) {
    if (/pass/i.test(name)) url.searchParams.set(name, '***');
  }
  return url.toString();
}

function defaultOf(schema: SettingSchema): string {
  if (schema.defaultText) return schema.defaultText;
  return schema.default === undefined ? 'unset' : `\`${schema.default}\``;
}
