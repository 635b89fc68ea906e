import { CANDLE_INTERVALS, type CandleInterval } from '../broker/broker.js';

export const STREAM_PROTOCOL = 'tickscope.v1';

export const CHANNELS = ['tick', 'bar', 'depth', 'stats', 'vix'] as const;
export type Channel = (typeof CHANNELS)[number];

/** What a client asks for. Lists that it left out are undefined: what that means depends on `type`. */
export interface StreamRequest {
  readonly type: 'subscribe' | 'unsubscribe' | 'get_latest';
  readonly symbols: readonly string[] | undefined;
  readonly channels: readonly Channel[] | undefined;
  readonly intervals: readonly CandleInterval[] | undefined;
}

export type Incoming = StreamRequest | { readonly type: 'ping' };

export type StreamErrorCode =
  | 'bad_json'
  | 'bad_message'
  | 'unknown_symbol'
  | 'too_many_symbols'
  | 'too_many_messages'
  | 'unavailable';

/** Refuses a message; the connection goes on. */
export class StreamError extends Error {
  override name = 'StreamError';
  constructor(
    readonly code: StreamErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** Close codes of RFC 6455, 7.4, and of its registry. */
export const GOING_AWAY = 1001;
export const POLICY = 1008;
export const TRY_AGAIN_LATER = 1013;

const TYPES = ['subscribe', 'unsubscribe', 'get_latest', 'ping'] as const;
const LONGEST_SYMBOL = 100;

/** @throws StreamError */
export function parseMessage(text: string): Incoming {
  const message = parsed(text);
  const type = message['type'];
  if (type === 'ping') return { type };
  if (type !== 'subscribe' && type !== 'unsubscribe' && type !== 'get_latest') {
    throw bad(`type must be one of ${TYPES.join(', ')}${said(type)}.`);
  }
  return {
    type,
    symbols: symbols(message['symbols']),
    channels: words(message, 'channels', CHANNELS),
    intervals: words(message, 'intervals', CANDLE_INTERVALS),
  };
}

function parsed(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new StreamError('bad_json', `The message is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw bad('A message is an object such as {"type":"subscribe","symbols":["NSE:INFY"]}.');
  }
  return value as Record<string, unknown>;
}

function symbols(value: unknown): string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw bad('symbols must be a list such as ["NSE:INFY", "256265"].');
  const found = new Set<string>();
  for (const item of value as unknown[]) {
    const text = typeof item === 'number' && Number.isSafeInteger(item) ? String(item) : item;
    if (typeof text !== 'string' || !isName(text)) {
      throw bad(`symbols must hold tokens or EXCHANGE:SYMBOL${said(item)}.`);
    }
    found.add(text.trim());
  }
  return [...found];
}

function isName(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: PostgreSQL takes no NUL and no symbol has any of them
  return text.trim() !== '' && text.length <= LONGEST_SYMBOL && !/[\u0000-\u001f]/.test(text);
}

function words<T extends string>(
  message: Record<string, unknown>,
  field: string,
  allowed: readonly T[],
): T[] | undefined {
  const value = message[field];
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw bad(`${field} must be a list of ${allowed.join(', ')}.`);
  const wrong = (value as unknown[]).find((item) => !(allowed as readonly unknown[]).includes(item));
  if (wrong !== undefined) throw bad(`${field} must hold only ${allowed.join(', ')}${said(wrong)}.`);
  return [...new Set(value as T[])];
}

function said(value: unknown): string {
  return value === undefined ? '' : `; got ${JSON.stringify(value)?.slice(0, 60)}`;
}

function bad(sentence: string): StreamError {
  return new StreamError('bad_message', sentence);
}
