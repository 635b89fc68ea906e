import type { FeedMode } from '../feed.js';

/** Tokens in one message: Kite takes more, but a message of 500 stays under 8 KB. */
const TOKENS_PER_MESSAGE = 500;

/** Subscribes each token, then sets its mode: a mode only takes on subscribed tokens. */
export function subscribeMessages(modes: ReadonlyMap<number, FeedMode>): string[] {
  return chunks([...modes.keys()]).flatMap((tokens) => [
    JSON.stringify({ a: 'subscribe', v: tokens }),
    ...modeMessages(new Map(tokens.map((token) => [token, modes.get(token)!]))),
  ]);
}

export function modeMessages(modes: ReadonlyMap<number, FeedMode>): string[] {
  const byMode = new Map<FeedMode, number[]>();
  for (const [token, mode] of modes) {
    const tokens = byMode.get(mode);
    if (tokens) tokens.push(token);
    else byMode.set(mode, [token]);
  }
  return [...byMode].flatMap(([mode, tokens]) =>
    chunks(tokens).map((chunk) => JSON.stringify({ a: 'mode', v: [mode, chunk] })),
  );
}

export function unsubscribeMessages(tokens: readonly number[]): string[] {
  return chunks(tokens).map((chunk) => JSON.stringify({ a: 'unsubscribe', v: chunk }));
}

function chunks(tokens: readonly number[]): number[][] {
  const out: number[][] = [];
  for (let i = 0; i < tokens.length; i += TOKENS_PER_MESSAGE)
    out.push(tokens.slice(i, i + TOKENS_PER_MESSAGE));
  return out;
}

/** Why Kite refuses us, as far as that decides when to come back. */
export type Refusal = 'login_needed' | 'no_permission' | 'rate_limited' | 'other';

/**
 * Reads the answer to a refused upgrade. Kite answers 403 both to a dead access token and to a key
 * without data permission; the body's `error_type` or its words tell them apart.
 */
export function refusalOfUpgrade(status: number, body: string): Refusal {
  if (status === 429) return 'rate_limited';
  if (status === 403 || status === 401)
    return refusalOfText(body) === 'no_permission' ? 'no_permission' : 'login_needed';
  return 'other';
}

/** Reads an error sentence that came as a text frame. */
export function refusalOfText(text: string): Refusal {
  if (/permission|insufficient|not enabled for/i.test(text)) return 'no_permission';
  if (
    /token ?exception|(invalid|incorrect|expired|missing)\b.*\b(access[_ ]token|api[_ ]key|session)/i.test(
      text,
    )
  )
    return 'login_needed';
  if (/too many|rate limit/i.test(text)) return 'rate_limited';
  return 'other';
}

/** A text frame: `error` and `message` carry a sentence, `order` an order update that is no business of ours. */
export type TextFrame = { type: 'error' | 'message'; text: string } | { type: 'order' } | { type: 'unknown' };

export function parseTextFrame(data: string): TextFrame {
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    return { type: 'unknown' };
  }
  if (typeof json !== 'object' || json === null || !('type' in json)) return { type: 'unknown' };
  if (json.type === 'order') return { type: 'order' };
  if (json.type !== 'error' && json.type !== 'message') return { type: 'unknown' };
  const said = 'data' in json ? json.data : '';
  return { type: json.type, text: typeof said === 'string' ? said : JSON.stringify(said) };
}
