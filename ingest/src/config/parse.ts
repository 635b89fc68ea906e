import Value from 'typebox/value';
import { type SettingName, type SettingSchema, Settings, settingSchemas } from './settings.js';

/**
 * Reads the settings out of an environment: text becomes numbers, empty means unset, defaults are filled in.
 * What is wrong goes into `problems`, one sentence a variable; that variable is then left at its default.
 */
export function parseSettings(
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): Settings {
  const settings: Record<string, string | number> = {};
  for (const [name, schema] of settingSchemas()) {
    const text = env[name]?.trim();
    if (!text) continue;
    const value = schema.type === 'string' ? text : numberOf(text);
    if (Value.Check(Settings.properties[name], value)) settings[name] = value;
    else problems.push(problemOf(name, schema, text));
  }
  return Value.Default(Settings, settings) as Settings;
}

/** Plain decimal notation only: `1e3`, `0x10` and `Infinity` are more likely mistakes than numbers. */
function numberOf(text: string): number {
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

function problemOf(name: SettingName, schema: SettingSchema, text: string): string {
  const shown = schema.secret ? 'its value' : `"${text.length > 60 ? `${text.slice(0, 60)}...` : text}"`;
  if (schema.enum) return `${name}: ${shown} is none of ${schema.enum.join(', ')}.`;
  if (schema.type === 'string') return `${name}: ${shown} does not look like ${SHAPES[name] ?? 'a value'}.`;
  const kind = schema.type === 'integer' ? 'a whole number' : 'a number';
  return `${name}: ${shown} is not ${kind} from ${schema.minimum} to ${schema.maximum}.`;
}

const SHAPES: Partial<Record<SettingName, string>> = {
  DATABASE_URL: 'postgres://user:password@host:5432/database',
  KITE_API_URL: 'http://host:port',
  KITE_TICKER_URL: 'ws://host:port',
  GRAFANA_URL: 'http://host:port',
};
