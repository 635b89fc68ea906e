import { readdirSync, readFileSync } from 'node:fs';

/** What the tests read of a committed dashboard: the JSON that Grafana loads, not the code that made it. */
export interface Board {
  uid: string;
  title: string;
  tags: string[];
  timezone: string;
  refresh: string;
  schemaVersion: number;
  time: { from: string; to: string };
  panels: Panel[];
  templating: { list: Variable[] };
  annotations: { list: Annotation[] };
  links: Array<{ type: string; tags: string[]; url?: string }>;
}
export interface Source {
  type: string;
  uid: string;
}
export interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  datasource?: Source;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: Target[];
  panels?: Panel[];
  maxDataPoints?: number;
  timeFrom?: string;
  fieldConfig?: { defaults: { noValue?: string; unit?: string } };
}
export type Model = Record<string, unknown>;
export type Target = Model & { refId: string; datasource: Source };
export interface Variable {
  name: string;
  type: string;
  label?: string;
  datasource?: Source;
  query: string | Model;
  current?: { text: string; value: string };
  regex?: string;
}
export interface Annotation {
  name: string;
  datasource: Source;
  enable: boolean;
  target?: Model;
}

const FOLDER = new URL('../../json/', import.meta.url);

/** File name without its ending, and what is in it. */
export const committed: ReadonlyArray<readonly [name: string, text: string, board: Board]> = readdirSync(
  FOLDER,
)
  .sort()
  .map((file) => {
    const text = readFileSync(new URL(file, FOLDER), 'utf8');
    return [file.replace(/\.json$/, ''), text, JSON.parse(text) as Board] as const;
  });

/** Panels of rows included, rows left out. */
export function panelsOf(board: Board): Panel[] {
  return board.panels.flatMap((panel) => (panel.type === 'row' ? (panel.panels ?? []) : [panel]));
}

/** Every url anywhere in a dashboard: data links, panel links, dashboard links. */
export function urlsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(urlsOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'url' && typeof inner === 'string' ? [inner] : urlsOf(inner),
  );
}

/** How many queries there are anywhere in a dashboard: whatever has a `refId`. */
export function queriesIn(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, inner) => sum + queriesIn(inner), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>(
    (sum, inner) => sum + queriesIn(inner),
    'refId' in value ? 1 : 0,
  );
}
