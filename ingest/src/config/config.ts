import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import dotenv from 'dotenv';
import type { SimulatorWish } from '../service/simulator-process.js';
import type { VixSettings } from '../vix/settings.js';
import { brokerOf, checkAcrossVariables, warningsOf } from './checks.js';
import { parseSettings } from './parse.js';
import { type Retention, retentionOf } from './retention.js';
import type { Settings } from './settings.js';

export type BrokerName = 'simulator' | 'kite';
export type LogLevel = NonNullable<Settings['LOG_LEVEL']>;

/** Everything that can be set, validated, in the shape that the parts take. Frozen. */
export interface Config {
  /** Absolute path; embedded data lies under `<dataDir>/<origin>/`. */
  readonly dataDir: string;
  readonly database: {
    /** Undefined: embedded PostgreSQL. */
    readonly url: string | undefined;
    readonly poolMax: number;
    readonly statementTimeoutMs: number;
  };
  readonly broker: BrokerName;
  readonly kite: {
    readonly apiKey: string | undefined;
    readonly apiSecret: string | undefined;
    readonly accessToken: string | undefined;
    /** Absolute path; watched unless `accessToken` is set. */
    readonly tokenFile: string;
    /** Undefined: Kite's own, or with the broker `simulator` the bundled one. */
    readonly apiUrl: string | undefined;
    readonly tickerUrl: string | undefined;
  };
  /** Undefined: nobody is asked for what the broker does not give. */
  readonly fyers:
    | {
        readonly appId: string;
        readonly accessToken: string | undefined;
        /** Absolute path; watched unless `accessToken` is set. */
        readonly tokenFile: string;
        /** Undefined: Fyers' own. */
        readonly apiUrl: string | undefined;
      }
    | undefined;
  readonly simulator: Omit<SimulatorWish, 'port'>;
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly token: string | undefined;
    readonly readToken: string | undefined;
    readonly corsOrigins: readonly string[];
  };
  readonly grafanaUrl: string | undefined;
  /** `NSE:INFY`, tokens or watchlist names; empty: the default of the broker. */
  readonly instruments: readonly string[];
  readonly feedMode: 'ltp' | 'quote' | 'full';
  /** From how long an outage of a connection on quotes by REST stand in; 0 = never. */
  readonly fallbackAfterSeconds: number;
  readonly batch: { readonly maxTicks: number; readonly maxDelayMs: number };
  /** `dir` undefined: below the data folder. */
  readonly spool: { readonly dir: string | undefined; readonly maxBytes: number; readonly fsyncMs: number };
  readonly heal: {
    readonly settleSeconds: number;
    readonly daySettleMinutes: number;
    readonly asMinutesDays: number;
  };
  readonly quality: {
    readonly compare: boolean;
    /** Fractions. */
    readonly volumeShare: number;
    readonly jumpShare: number;
  };
  readonly retention: Retention;
  readonly vix: VixSettings;
  readonly logLevel: LogLevel;
  /** Sentences to show at start that stop nothing. */
  readonly warnings: readonly string[];
}

/** The configuration cannot be used. `problems` holds one sentence each; the message lists them all. */
export class ConfigInvalid extends Error {
  override name = 'ConfigInvalid';
  constructor(readonly problems: readonly string[]) {
    const heading =
      problems.length === 1
        ? 'The configuration has a problem:'
        : `The configuration has ${problems.length} problems:`;
    super([heading, ...problems.map((problem) => `  - ${problem}`)].join('\n'));
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The process's environment over a `.env` file in `folder`, if there is one. */
export function readEnvironment(env: Environment, folder: string): Environment {
  const file = resolve(folder, '.env');
  return existsSync(file) ? { ...dotenv.parse(readFileSync(file)), ...env } : env;
}

/**
 * Validates the environment once, for everything that follows.
 * @param folder relative paths are taken from here.
 * @throws ConfigInvalid naming every problem at once.
 */
export function parseConfig(env: Environment, folder: string): Config {
  const problems: string[] = [];
  const settings = parseSettings(env, problems);
  const broker = brokerOf(settings, problems);
  checkAcrossVariables(settings, broker, problems);
  const instruments = listOf(settings.INSTRUMENTS);
  for (const item of instruments) {
    if (!/^[\w :&.-]{1,64}$/.test(item))
      problems.push(`INSTRUMENTS: "${item}" is no EXCHANGE:SYMBOL, token or watchlist name.`);
  }
  const corsOrigins = listOf(settings.CORS_ORIGINS);
  for (const origin of corsOrigins) {
    if (!isWebOrigin(origin))
      problems.push(`CORS_ORIGINS: "${origin}" is no web origin such as http://127.0.0.1:3000.`);
  }
  if (problems.length > 0) throw new ConfigInvalid(problems);

  const simulated = broker === 'simulator';
  const dataDir = resolve(folder, settings.TICKSCOPE_DATA_DIR!);
  return deepFreeze({
    dataDir,
    database: {
      url: settings.DATABASE_URL,
      poolMax: settings.DB_POOL_MAX!,
      statementTimeoutMs: settings.DB_STATEMENT_TIMEOUT_MS!,
    },
    broker,
    kite: {
      apiKey: settings.KITE_API_KEY,
      apiSecret: settings.KITE_API_SECRET,
      accessToken: settings.KITE_ACCESS_TOKEN,
      tokenFile: settings.KITE_TOKEN_FILE
        ? resolve(folder, settings.KITE_TOKEN_FILE)
        : resolve(dataDir, 'kite-token'),
      apiUrl: withoutSlash(settings.KITE_API_URL),
      tickerUrl: withoutSlash(
        settings.KITE_TICKER_URL ?? (simulated ? settings.KITE_API_URL?.replace(/^http/, 'ws') : undefined),
      ),
    },
    fyers: settings.BACKUP_BROKER
      ? {
          appId: settings.FYERS_APP_ID!,
          accessToken: settings.FYERS_ACCESS_TOKEN,
          tokenFile: settings.FYERS_TOKEN_FILE
            ? resolve(folder, settings.FYERS_TOKEN_FILE)
            : resolve(dataDir, 'fyers-token'),
          apiUrl: withoutSlash(settings.FYERS_API_URL),
        }
      : undefined,
    simulator: {
      seed: settings.SIMULATOR_SEED!,
      instruments: settings.SIMULATOR_INSTRUMENTS!,
      rate: settings.SIMULATOR_RATE!,
      calendar: settings.SIMULATOR_CALENDAR!,
    },
    http: {
      host: settings.TICKSCOPE_HOST!,
      port: settings.TICKSCOPE_PORT!,
      token: settings.TICKSCOPE_TOKEN,
      readToken: settings.TICKSCOPE_READ_TOKEN,
      corsOrigins,
    },
    grafanaUrl: withoutSlash(settings.GRAFANA_URL),
    instruments,
    feedMode: settings.FEED_MODE!,
    fallbackAfterSeconds: settings.FALLBACK_AFTER_SECONDS!,
    batch: { maxTicks: settings.BATCH_MAX_TICKS!, maxDelayMs: settings.BATCH_MAX_DELAY_MS! },
    spool: {
      dir: settings.SPOOL_DIR,
      maxBytes: settings.SPOOL_MAX_BYTES!,
      fsyncMs: settings.SPOOL_FSYNC_MS!,
    },
    heal: {
      settleSeconds: settings.BROKER_SETTLE_SECONDS ?? (simulated ? 2 : 120),
      daySettleMinutes: settings.DAY_SETTLE_MINUTES ?? (simulated ? 0 : 120),
      asMinutesDays: settings.HEAL_AS_MINUTES_DAYS!,
    },
    quality: {
      compare: settings.QUALITY_COMPARE === 'on',
      volumeShare: settings.QUALITY_VOLUME_PERCENT! / 100,
      jumpShare: settings.QUALITY_JUMP_PERCENT! / 100,
    },
    retention: retentionOf(settings, env),
    vix: {
      lowBelow: settings.VIX_LOW_BELOW!,
      highFrom: settings.VIX_HIGH_FROM!,
      extremeFrom: settings.VIX_EXTREME_FROM!,
      trendPercent: settings.VIX_TREND_PERCENT!,
      pushPercent: settings.VIX_PUSH_PERCENT!,
      meanMinutes: settings.VIX_MEAN_MINUTES!,
      marginPercent: settings.VIX_REGIME_MARGIN_PERCENT!,
      holdMinutes: settings.VIX_REGIME_HOLD_MINUTES!,
      spikePercent: settings.VIX_SPIKE_PERCENT!,
    },
    logLevel: settings.LOG_LEVEL!,
    warnings: warningsOf(settings),
  });
}

function listOf(text: string | undefined): string[] {
  return [...new Set((text ?? '').split(',').map((item) => item.trim()))].filter((item) => item !== '');
}

function isWebOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

function withoutSlash(url: string | undefined): string | undefined {
  return url?.replace(/\/+$/, '');
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  }
  return Object.freeze(value);
}
