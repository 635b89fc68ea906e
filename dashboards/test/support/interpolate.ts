import type { Model } from './boards.js';

/** What Grafana knows when it runs a query. */
export interface Setting {
  from: number; // epoch milliseconds
  to: number;
  /** Prometheus' step, or the panel's interval, in seconds. */
  stepSeconds: number;
  /** Values of the dashboard's variables. */
  values: Readonly<Record<string, string>>;
}

/** The shortest range that rate() always finds two scrapes in: Grafana takes four scrape intervals. */
const SCRAPES_IN_RATE = 4;
export const SCRAPE_SECONDS = 1;

const seconds = (value: number) => `${Math.max(1, Math.round(value))}s`;

/** Grafana's own variables and macros, by their names. */
function builtIn(name: string, { from, to, stepSeconds }: Setting): string | undefined {
  switch (name) {
    case '__interval':
      return seconds(stepSeconds);
    case '__interval_ms':
      return String(stepSeconds * 1000);
    case '__rate_interval':
      return seconds(Math.max(stepSeconds + SCRAPE_SECONDS, SCRAPES_IN_RATE * SCRAPE_SECONDS));
    case '__range':
      return seconds((to - from) / 1000);
    case '__from':
      return String(from);
    case '__to':
      return String(to);
    default:
      return undefined;
  }
}

/**
 * Replaces what Grafana replaces: the PostgreSQL data source's time macros, then `$x`, `${x}` and `${x:format}`.
 * An unknown name is an error, where Grafana would send the text as it is.
 */
export function interpolated(text: string, setting: Setting): string {
  const from = new Date(setting.from).toISOString();
  const to = new Date(setting.to).toISOString();
  return text
    .replace(/\$__timeFilter\(([^)]+)\)/g, (_, column: string) => `${column} BETWEEN '${from}' AND '${to}'`)
    .replaceAll('$__timeFrom()', `'${from}'`)
    .replaceAll('$__timeTo()', `'${to}'`)
    .replace(/\$(?:\{(\w+)(?::\w+)?\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
      const name = braced ?? bare ?? '';
      const value = builtIn(name, setting) ?? setting.values[name];
      if (value === undefined) throw new Error(`${whole} is not known`);
      return value;
    });
}

/** Every text of a model, interpolated. */
export function interpolatedModel(model: Model, setting: Setting): Model {
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return interpolated(value, setting);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner)]));
    }
    return value;
  };
  return walk(model) as Model;
}

/** `now-6h` in milliseconds before now. */
export function ago(text: string): number {
  const match = /^(?:now-)?(\d+)([mhdy])$/.exec(text);
  if (!match) throw new Error(`cannot read the range ${text}`);
  const unit = { m: 60_000, h: 3_600_000, d: 86_400_000, y: 365 * 86_400_000 }[
    match[2] as 'm' | 'h' | 'd' | 'y'
  ];
  return Number(match[1]) * unit;
}
