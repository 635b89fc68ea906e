import type { BrokerName } from './config.js';
import { isLoopbackHost } from './loopback.js';
import type { Settings } from './settings.js';

/** Rules that hold between variables; what is wrong goes into `problems`. */
export function checkAcrossVariables(settings: Settings, broker: BrokerName, problems: string[]): void {
  checkKite(settings, broker, problems);
  checkBackup(settings, broker, problems);
  checkHttp(settings, problems);
  checkDatabaseUrl(settings, problems);
  checkVix(settings, problems);
}

/** Kite as soon as there is a key, else the simulator. */
export function brokerOf(settings: Settings, problems: string[]): BrokerName {
  const name = settings.BROKER ?? (settings.KITE_API_KEY ? 'kite' : 'simulator');
  if (name === 'simulator' || name === 'kite') return name;
  problems.push(
    name === 'fyers'
      ? 'BROKER: fyers is not built yet; use kite or simulator.'
      : `BROKER: "${name}" is none of simulator, kite, fyers.`,
  );
  return 'simulator';
}

function checkKite(settings: Settings, broker: BrokerName, problems: string[]): void {
  if (broker === 'kite' && !settings.KITE_API_KEY) {
    problems.push('KITE_API_KEY: the broker kite needs the API key of your Kite Connect app.');
  }
  if (settings.KITE_ACCESS_TOKEN && settings.KITE_TOKEN_FILE) {
    problems.push('KITE_ACCESS_TOKEN: set it or KITE_TOKEN_FILE, not both.');
  }
  // One from a simulator and one from the exchange would mix invented and real prices in one database.
  if (broker === 'kite' && !settings.KITE_API_URL !== !settings.KITE_TICKER_URL) {
    problems.push('KITE_API_URL: set it together with KITE_TICKER_URL or set neither.');
  }
  if (broker === 'simulator' && settings.KITE_TICKER_URL && !settings.KITE_API_URL) {
    problems.push('KITE_TICKER_URL: KITE_API_URL of the same simulator is missing.');
  }
}

function checkBackup(settings: Settings, broker: BrokerName, problems: string[]): void {
  const name = settings.BACKUP_BROKER;
  if (name === undefined) return;
  if (name !== 'fyers') problems.push(`BACKUP_BROKER: "${name}" is not fyers.`);
  if (!settings.FYERS_APP_ID)
    problems.push('FYERS_APP_ID: the backup broker fyers needs the id of your app.');
  if (settings.FYERS_ACCESS_TOKEN && settings.FYERS_TOKEN_FILE) {
    problems.push('FYERS_ACCESS_TOKEN: set it or FYERS_TOKEN_FILE, not both.');
  }
  if (settings.FYERS_TOKEN_FILE && settings.FYERS_TOKEN_FILE === settings.KITE_TOKEN_FILE) {
    problems.push("FYERS_TOKEN_FILE: it is Kite's; each broker must get its own token only.");
  }
  // Holes of invented prices must not be filled with real ones, nor the other way round.
  const isReal = broker === 'kite' && !settings.KITE_API_URL;
  if (isReal === !!settings.FYERS_API_URL) {
    problems.push(
      isReal
        ? 'FYERS_API_URL: a simulator cannot stand in for the history of a real broker.'
        : 'BACKUP_BROKER: the history of Fyers would mix with simulated data; set FYERS_API_URL to the same simulator.',
    );
  }
}

function checkHttp(settings: Settings, problems: string[]): void {
  const host = settings.TICKSCOPE_HOST!;
  if (!isLoopbackHost(host) && !settings.TICKSCOPE_TOKEN) {
    problems.push(`TICKSCOPE_TOKEN: listening on ${host}, which is not loopback, needs a token.`);
  }
  if (settings.TICKSCOPE_TOKEN && settings.TICKSCOPE_TOKEN === settings.TICKSCOPE_READ_TOKEN) {
    problems.push('TICKSCOPE_READ_TOKEN: it is the same as TICKSCOPE_TOKEN, so readers could do everything.');
  }
  for (const name of ['TICKSCOPE_TOKEN', 'TICKSCOPE_READ_TOKEN'] as const) {
    // It travels in a WebSocket subprotocol, which is an HTTP token (RFC 9110).
    if (settings[name] && !/^[\w!#$%&'*+.^`|~-]+$/.test(settings[name])) {
      problems.push(`${name}: only letters, digits and !#$%&'*+.^_\`|~- can be sent in a WebSocket header.`);
    }
  }
}

function checkDatabaseUrl(settings: Settings, problems: string[]): void {
  if (settings.DATABASE_URL && !URL.canParse(settings.DATABASE_URL)) {
    problems.push(
      'DATABASE_URL: its value is no URL; special characters of the password must be percent-encoded.',
    );
  }
}

function checkVix(settings: Settings, problems: string[]): void {
  if (
    !(
      settings.VIX_LOW_BELOW! < settings.VIX_HIGH_FROM! &&
      settings.VIX_HIGH_FROM! < settings.VIX_EXTREME_FROM!
    )
  ) {
    problems.push('VIX_HIGH_FROM: it must lie between VIX_LOW_BELOW and VIX_EXTREME_FROM.');
  }
}

/** What is allowed and probably not meant. */
export function warningsOf(settings: Settings): string[] {
  const warnings: string[] = [];
  if (settings.FEED_MODE !== 'full')
    warnings.push(
      `FEED_MODE=${settings.FEED_MODE} carries no exchange time: nothing it brings counts as covered, so every candle shows a gap.`,
    );
  return warnings;
}
