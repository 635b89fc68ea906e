import { readYaml } from './files.js';

export interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly volumes?: readonly string[];
  readonly secrets?: ReadonlyArray<{ readonly source: string; readonly target: string }>;
  readonly ports?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly restart?: string;
  readonly logging?: { readonly options: Readonly<Record<string, string>> };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly environment: string }>>;
}

export const readCompose = (): Compose => readYaml<Compose>('docker-compose.yml');

/** One reference to .env: `${NAME:-default}` or `${NAME:?message}`. */
export interface Reference {
  readonly name: string;
  readonly operator: ':-' | ':?';
  readonly text: string;
}

/** Everything of this kind in a text; a bare `$NAME` is not allowed here and is not found. */
export const references = (text: string): Reference[] =>
  [...text.matchAll(/\$\{([A-Z][A-Z0-9_]*)(:[-?])([^}]*)\}/g)].map(([, name, operator, rest]) => ({
    name: name!,
    operator: operator as Reference['operator'],
    text: rest!,
  }));

/** What a service is started with, as compose works it out. @throws with the message of a variable that must be set. */
export function interpolate(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(
    /\$\{([A-Z][A-Z0-9_]*)(:[-?])([^}]*)\}/g,
    (_all, name: string, operator: string, rest: string) => {
      const value = env[name];
      if (value) return value;
      if (operator === ':?') throw new Error(`required variable ${name} is missing a value: ${rest}`);
      return rest;
    },
  );
}

export const environmentOf = (
  service: Service,
  env: Readonly<Record<string, string>>,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(service.environment ?? {}).map(([name, text]) => [name, interpolate(String(text), env)]),
  );
