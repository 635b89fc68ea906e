import Type, { type Static, type TObject, type TSchema } from 'typebox';
import { CALENDAR_NAMES } from '../simulator/calendars.js';

/** What a value is beyond its type; shown in the documentation and used when values are printed. */
interface Extra {
  /** The default in words, where it depends on something else. */
  readonly defaultText?: string;
  /** Never printed. */
  readonly secret?: true;
}

const text = (description: string, extra: Extra & { pattern?: string; default?: string } = {}) =>
  Type.Optional(Type.String({ description, minLength: 1, ...extra }));
const whole = (description: string, extra: Extra & { minimum: number; maximum: number; default?: number }) =>
  Type.Optional(Type.Integer({ description, ...extra }));
const decimal = (description: string, extra: Extra & { minimum: number; maximum: number; default: number }) =>
  Type.Optional(Type.Number({ description, ...extra }));
const oneOf = <const T extends string>(
  values: readonly T[],
  description: string,
  extra: Extra & { default?: T } = {},
) => Type.Optional(Type.Unsafe<T>(Type.String({ enum: [...values], description, ...extra })));
const days = (description: string, fallback: number, extra: Extra = {}) =>
  whole(description, { minimum: 0, maximum: 36_500, default: fallback, ...extra });

const HTTP_URL = '^https?://[^\\s]+$';
const MEBIBYTE = 1_048_576;

/**
 * Every environment variable that Tickscope reads. This is validation, types and documentation at once:
 * the table in README.md is printed from it (`settingsTable`), and a test keeps the two equal.
 */
export const Settings = Type.Object({
  DATABASE_URL: text('PostgreSQL or TimescaleDB; TLS by its `sslmode`', {
    defaultText: 'embedded PostgreSQL',
    pattern: '^postgres(ql)?://[^\\s]+$',
    secret: true,
  }),
  DB_POOL_MAX: whole('Connections for the API and the jobs', { minimum: 2, maximum: 200, default: 10 }),
  DB_STATEMENT_TIMEOUT_MS: whole('Longest query of the API, in milliseconds; 0 = no limit', {
    minimum: 0,
    maximum: 3_600_000,
    default: 30_000,
  }),
  TICKSCOPE_DATA_DIR: text('Where embedded data, tokens and backups lie', { default: '.tickscope' }),

  BROKER: text('`simulator`, `kite` or `fyers` (not built yet)', {
    defaultText: '`kite` if `KITE_API_KEY` is set, else `simulator`',
  }),
  KITE_API_KEY: text('API key of your Kite Connect app', { secret: true }),
  KITE_API_SECRET: text('Its secret; only `tickscope login` needs it', { secret: true }),
  KITE_ACCESS_TOKEN: text("Today's access token; instead of a token file", { secret: true }),
  KITE_TOKEN_FILE: text(
    'File with the access token, mode 0600, watched: a new token is taken without a restart',
    {
      defaultText: '`kite-token` in the data folder',
    },
  ),
  KITE_API_URL: text('REST root, to point at a simulator', {
    pattern: HTTP_URL,
    defaultText: 'https://api.kite.trade',
  }),
  KITE_TICKER_URL: text('WebSocket root, to point at a simulator', {
    pattern: '^wss?://[^\\s]+$',
    defaultText: 'wss://ws.kite.trade',
  }),
  BACKUP_BROKER: text('`fyers`: its history repairs what the broker does not give. Unset: nobody', {
    defaultText: 'unset',
  }),
  FYERS_APP_ID: text('App id of your Fyers API app, such as `ABCD1234-100`', { secret: true }),
  FYERS_ACCESS_TOKEN: text("Today's access token of Fyers; instead of a token file", { secret: true }),
  FYERS_TOKEN_FILE: text("File with Fyers' access token, mode 0600, watched", {
    defaultText: '`fyers-token` in the data folder',
  }),
  FYERS_API_URL: text("Root of Fyers' data API, to point at a simulator", {
    pattern: HTTP_URL,
    defaultText: 'https://api-t1.fyers.in/data',
  }),
  SIMULATOR_SEED: whole('Seed of the bundled simulator; part of the data origin', {
    minimum: 0,
    maximum: 2_147_483_647,
    default: 1,
  }),
  SIMULATOR_INSTRUMENTS: whole('Instruments of the bundled simulator', {
    minimum: 53,
    maximum: 9000,
    default: 500,
  }),
  SIMULATOR_RATE: whole('Packets a second of the bundled simulator', {
    minimum: 1,
    maximum: 100_000,
    default: 1000,
  }),
  SIMULATOR_CALENDAR: oneOf(
    CALENDAR_NAMES,
    'When the bundled simulator’s market is open: `always` (00:45 to 24:00 IST), `nonstop` or `nse`; use a database of its own for each',
    { default: 'always' },
  ),

  TICKSCOPE_HOST: text('Address to listen on; anything but loopback needs `TICKSCOPE_TOKEN`', {
    default: '127.0.0.1',
  }),
  TICKSCOPE_PORT: whole('Port of the API and the page; 0 takes a free one', {
    minimum: 0,
    maximum: 65_535,
    default: 8000,
  }),
  TICKSCOPE_TOKEN: text('Token that may do everything', { secret: true }),
  TICKSCOPE_READ_TOKEN: text('Token that may read and heal', { secret: true }),
  CORS_ORIGINS: text('Comma list of web origins that browsers may call from', { defaultText: 'none' }),
  GRAFANA_URL: text('Grafana, for `doctor` to look at', { pattern: HTTP_URL, defaultText: 'none' }),

  INSTRUMENTS: text('Comma list of `NSE:INFY`, tokens or watchlist names to subscribe to', {
    defaultText:
      'simulator: all of it; kite: NIFTY 50, NIFTY BANK, INDIA VIX and what was subscribed through the API',
  }),
  FEED_MODE: oneOf(['ltp', 'quote', 'full'], '`ltp`, `quote` or `full`; only `full` carries times', {
    default: 'full',
  }),
  FALLBACK_AFTER_SECONDS: whole(
    'Outage of a connection after which quotes by REST stand in for what somebody looks at; 0 = never',
    { minimum: 0, maximum: 3600, default: 15 },
  ),
  BATCH_MAX_TICKS: whole('Ticks that make a flush', { minimum: 1, maximum: 100_000, default: 1000 }),
  BATCH_MAX_DELAY_MS: whole('Longest wait before a flush, in milliseconds', {
    minimum: 1,
    maximum: 10_000,
    default: 50,
  }),
  SPOOL_DIR: text('Where what was received is kept until the database has it, a folder a database below', {
    defaultText: 'below `TICKSCOPE_DATA_DIR`',
  }),
  SPOOL_MAX_BYTES: whole(
    'Most that the spool may take on disk; then the newest ticks are dropped and a gap says so',
    {
      minimum: MEBIBYTE,
      maximum: Number.MAX_SAFE_INTEGER,
      default: 1024 * MEBIBYTE,
    },
  ),
  SPOOL_FSYNC_MS: whole(
    'Longest time until the spool is synced to the disk, in milliseconds: what a power cut may take',
    {
      minimum: 1,
      maximum: 60_000,
      default: 1_000,
    },
  ),

  BROKER_SETTLE_SECONDS: whole("Age from which the broker's minutes are trusted", {
    minimum: 0,
    maximum: 3600,
    defaultText: '120; simulator 2',
  }),
  DAY_SETTLE_MINUTES: whole(
    "Time after the post-close session from which the broker's day candle is trusted",
    {
      minimum: 0,
      maximum: 1440,
      defaultText: '120; simulator 0',
    },
  ),
  HEAL_AS_MINUTES_DAYS: whole('Holes younger than this are fetched as minutes', {
    minimum: 1,
    maximum: 60,
    default: 7,
  }),

  QUALITY_COMPARE: oneOf(
    ['on', 'off'],
    "Whether each day is compared with the broker's history after its close",
    {
      default: 'on',
    },
  ),
  QUALITY_VOLUME_PERCENT: decimal(
    "A minute's volume may be off by so much and still agree: a snapshot at its edge belongs to one of two minutes",
    { minimum: 0, maximum: 100, default: 1 },
  ),
  QUALITY_JUMP_PERCENT: decimal('A move of so much from one minute to the next is flagged', {
    minimum: 0.1,
    maximum: 100,
    default: 5,
  }),

  RETENTION: oneOf(
    ['keep', 'lean'],
    '`keep` keeps candles for ever; `lean` keeps 1m 30 days, 5m 90, 15m 183, 1h 365, 1d for ever. An age set below wins',
    { default: 'keep' },
  ),
  RETENTION_TICKS_DAYS: days('Ticks are dropped after (0 = keep)', 7),
  RETENTION_DEPTH_DAYS: days('Order books are dropped after', 7),
  RETENTION_CANDLES_1M_DAYS: days('1m candles, broker rows alike', 0, { defaultText: '0; lean 30' }),
  RETENTION_CANDLES_5M_DAYS: days('5m candles', 0, { defaultText: '0; lean 90' }),
  RETENTION_CANDLES_15M_DAYS: days('15m candles', 0, { defaultText: '0; lean 183' }),
  RETENTION_CANDLES_1H_DAYS: days('1h candles', 0, { defaultText: '0; lean 365' }),
  RETENTION_CANDLES_1D_DAYS: days('1d candles', 0),
  COMPRESS_TICKS_AFTER_DAYS: days('Ticks are compressed after (TimescaleDB; 0 = never)', 1),
  COMPRESS_DEPTH_AFTER_DAYS: days('Order books are compressed after (TimescaleDB)', 1),

  VIX_LOW_BELOW: decimal('India VIX below this is regime LOW', { minimum: 0, maximum: 200, default: 15 }),
  VIX_HIGH_FROM: decimal('From here HIGH', { minimum: 0, maximum: 200, default: 25 }),
  VIX_EXTREME_FROM: decimal('From here EXTREME', { minimum: 0, maximum: 200, default: 35 }),
  VIX_TREND_PERCENT: decimal('A value further than this from the last one published is a trend UP or DOWN', {
    minimum: 0,
    maximum: 100,
    default: 1,
  }),
  VIX_PUSH_PERCENT: decimal('A value further than this from the last one pushed is pushed to the stream', {
    minimum: 0,
    maximum: 100,
    default: 0.5,
  }),
  VIX_MEAN_MINUTES: whole('The regime follows the mean of so many minutes', {
    minimum: 1,
    maximum: 1440,
    default: 20,
  }),
  VIX_REGIME_MARGIN_PERCENT: decimal('The regime changes when the mean is past a threshold by so much ...', {
    minimum: 0,
    maximum: 50,
    default: 2,
  }),
  VIX_REGIME_HOLD_MINUTES: whole('... in so many minutes one after the other', {
    minimum: 1,
    maximum: 240,
    default: 3,
  }),
  VIX_SPIKE_PERCENT: decimal('A move of so much within five minutes is marked as a spike', {
    minimum: 0.1,
    maximum: 100,
    default: 5,
  }),

  LOG_LEVEL: oneOf(
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    'How much is logged; `debug` adds stack traces to errors',
    {
      default: 'info',
    },
  ),
});
export type Settings = Static<typeof Settings>;
export type SettingName = keyof Settings & string;

/** Keywords of a setting's schema that the documentation shows. */
export interface SettingSchema extends Extra {
  readonly type: 'string' | 'integer' | 'number';
  readonly description: string;
  readonly default?: string | number;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Names and schemas in the order of the documentation. */
export function settingSchemas(): Array<[SettingName, SettingSchema]> {
  const object: TObject<Record<string, TSchema>> = Settings;
  return Object.entries(object.properties) as unknown as Array<[SettingName, SettingSchema]>;
}
