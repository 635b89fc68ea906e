import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import WebSocket, { type RawData } from 'ws';
import type { Clock } from '../../clock.js';
import { withoutSecrets } from '../../secrets.js';
import type { FeedEnd, FeedMode, FeedName, FeedSink } from '../feed.js';
import { equalJitter, fullJitter } from './backoff.js';
import type { Hearing } from './liveness.js';
import {
  modeMessages,
  parseTextFrame,
  type Refusal,
  refusalOfText,
  refusalOfUpgrade,
  subscribeMessages,
  unsubscribeMessages,
} from './messages.js';
import type { ConnectionState, ConnectionStatus, FeedObserver } from './status.js';
import type { KiteTimings } from './timings.js';

/*
 * One WebSocket to Kite, kept open.
 *
 *     closed        Not started, or stopped. `start` leads to `connecting`.
 *     connecting    The upgrade is under way. It ends in one of
 *                     open           101: everything is subscribed again, modes included;
 *                     login_needed   403 or 401: the access token is dead;
 *                     no_permission  403 that says so: the key may not have this data;
 *                     waiting        429, any other answer, a network error, or no answer in time.
 *     open          Bytes arrive. It ends in `waiting` when the socket closes, when no message came for
 *                   `bytesSilenceMs` (Kite heartbeats a byte a second), when a ping stays unanswered, or
 *                   when the feed, which sees all connections, judges that this one ticks no more
 *                   (`reconnect`). A text frame that speaks of the token or of permission leads to
 *                   `login_needed` or `no_permission`, like the same answer to an upgrade.
 *     waiting       A timer runs, then `connecting`. Full jitter under a ceiling that doubles up to
 *                   `backoffCapMs`; after a 429 a longer wait of which half is certain. The count starts
 *                   anew only when a connection has lived `stableMs`, which is longer than a silently dead
 *                   one is let live: accepting us and saying nothing does not count as success.
 *     login_needed  Nothing runs. Only `setAccessToken` leads on, to `connecting`: a dead token does not
 *                   come back to life, and asking again is how keys get blocked.
 *     no_permission A slow timer (`noPermissionRetryMs`) or a new access token leads to `connecting`.
 *
 * `stop` leads from everywhere to `closed`. The sink hears `connected` when `open` begins and exactly one
 * `disconnected` when it ends; what a socket says after it was given up is not listened to.
 *
 * A process that was itself held up (a long collection, a laptop asleep) hears nothing either: a look at
 * silence that comes late puts its judgement off, so that the bytes waiting in the socket are read first.
 */

export interface ConnectionOptions {
  readonly feed: FeedName;
  /** `wss://ws.kite.trade`; the path stays as given. */
  readonly url: string;
  readonly apiKey: string;
  /** Asked at each attempt; undefined means `login_needed`. */
  readonly accessToken: () => string | undefined;
  readonly sink: FeedSink;
  readonly clock: Clock;
  readonly log: Logger;
  readonly timings: KiteTimings;
  /** In [0, 1). */
  readonly random: () => number;
  readonly observer: FeedObserver;
}

/** What a connection carries. Guests are subscribed for liveness only: the sink is not told that we own them. */
export interface Subscription {
  readonly owned: ReadonlyMap<number, FeedMode>;
  readonly guests: ReadonlyMap<number, FeedMode>;
}

/** A full frame of 3000 full packets is 558 KB. */
const MAX_FRAME_BYTES = 4 * 1024 * 1024;
const MAX_REFUSAL_BYTES = 4096;
const ALIVE_EVERY_MS = 1000;
/** A look at silence this much later than due shows that our own process was held up. */
export const HELD_UP_MS = 1000;

export class KiteConnection {
  readonly feed: FeedName;
  readonly #o: ConnectionOptions;
  #state: ConnectionState = 'closed';
  #since: number;
  #reason: string | undefined;
  #socket: WebSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #check: NodeJS.Timeout | undefined;
  #wanted: Subscription = { owned: new Map(), guests: new Map() };
  #attempt = 0;
  #rateLimited = 0;
  #attempts = 0;
  #nextAttemptAt: number | undefined;
  #openedAt = 0;
  #subscribedAt = 0;
  #checkedAt = 0;
  #aliveAt = 0;
  #pingedAt = 0;
  #unansweredSince: number | undefined;
  #lastBytesAt: number | undefined;
  #lastFrameAt: number | undefined;
  #lastTickAt: number | undefined;
  #lastLiveTickAt: number | undefined;
  #notOpenSince: number | undefined;

  constructor(options: ConnectionOptions) {
    this.feed = options.feed;
    this.#o = options;
    this.#since = options.clock.now();
  }

  start(): void {
    if (this.#state !== 'closed') return;
    this.#notOpenSince = this.#o.clock.now();
    this.#connect();
  }

  /** Ends the connection for good; the sink hears `disconnected` with cause `restart`. */
  stop(): void {
    this.#giveUp('restart');
    this.#enter('closed', undefined);
    this.#notOpenSince = undefined;
  }

  status(): ConnectionStatus {
    return {
      feed: this.feed,
      state: this.#state,
      since: this.#since,
      lastBytesAt: this.#lastBytesAt,
      lastTickAt: this.#lastFrameAt,
      reconnects: Math.max(0, this.#attempts - 1),
      subscribed: this.#all().size,
      nextAttemptAt: this.#nextAttemptAt,
      notOpenSince: this.#notOpenSince,
      reason: this.#reason,
    };
  }

  /** What it has heard since it opened; undefined unless it is open. */
  hearing(): Hearing | undefined {
    if (this.#state !== 'open') return undefined;
    return {
      feed: this.feed,
      openedAt: this.#openedAt,
      lastTickAt: this.#lastTickAt,
      lastLiveTickAt: this.#lastLiveTickAt,
    };
  }

  /** Carries exactly these from now on; an open socket is told only what changed. */
  setSubscription(next: Subscription): void {
    const before = this.#all();
    const ownedBefore = this.#wanted.owned;
    this.#wanted = { owned: new Map(next.owned), guests: new Map(next.guests) };
    const after = this.#all();
    this.#o.observer.subscribed?.(this.feed, after.size);
    if (this.#state !== 'open') return;

    const added = new Map([...after].filter(([token]) => !before.has(token)));
    const changed = new Map(
      [...after].filter(([token, mode]) => before.has(token) && before.get(token) !== mode),
    );
    const removed = [...before.keys()].filter((token) => !after.has(token));
    const now = this.#o.clock.now();
    this.#send([...unsubscribeMessages(removed), ...subscribeMessages(added), ...modeMessages(changed)]);
    if (added.size + changed.size > 0) this.#subscribedAt = now;
    const given = [...ownedBefore.keys()].filter((token) => !next.owned.has(token));
    const taken = [...next.owned.keys()].filter((token) => !ownedBefore.has(token));
    if (given.length > 0) this.#o.sink.unsubscribed(this.feed, now, given);
    if (taken.length > 0) this.#o.sink.subscribed(this.feed, now, taken);
  }

  /** Subscribes again what it owns of these tokens; nothing unless it is open. @returns how many that were. */
  askAgain(tokens: readonly number[]): number {
    if (this.#state !== 'open') return 0;
    const again = new Map<number, FeedMode>();
    for (const token of tokens) {
      const mode = this.#wanted.owned.get(token);
      if (mode) again.set(token, mode);
    }
    this.#send([...unsubscribeMessages([...again.keys()]), ...subscribeMessages(again)]);
    return again.size;
  }

  /** A new access token is there. An open connection stays as it is: Kite checks tokens at the upgrade only. */
  tokenChanged(): void {
    if (this.#state === 'login_needed' || this.#state === 'no_permission') {
      this.#attempt = 0;
      this.#connect();
    }
  }

  /** Gives an open connection up, for the feed's reason, and comes back by the usual backoff. */
  reconnect(cause: Extract<FeedEnd, 'stall' | 'halt'>, reason: string): void {
    if (this.#state === 'open') this.#end(cause, reason);
  }

  #connect(): void {
    clearTimeout(this.#timer);
    this.#nextAttemptAt = undefined;
    const accessToken = this.#o.accessToken();
    if (accessToken === undefined) {
      this.#enter('login_needed', 'There is no access token yet: run `tickscope login`.');
      return;
    }
    if (this.#attempts++ > 0) this.#o.observer.reconnecting?.(this.feed);
    this.#enter('connecting', this.#reason);
    const url = new URL(this.#o.url);
    url.searchParams.set('api_key', this.#o.apiKey);
    url.searchParams.set('access_token', accessToken);
    const socket = new WebSocket(url, {
      headers: { 'X-Kite-Version': '3', 'User-Agent': 'tickscope' },
      handshakeTimeout: this.#o.timings.handshakeMs,
      maxPayload: MAX_FRAME_BYTES,
      perMessageDeflate: false,
      followRedirects: false,
    });
    this.#socket = socket;
    const current = (): boolean => this.#socket === socket;
    socket.on('open', () => current() && this.#opened());
    socket.on('message', (data, isBinary) => current() && this.#heard(data, isBinary));
    socket.on('pong', () => current() && this.#ponged());
    socket.on('unexpected-response', (_request, response) => {
      if (current()) this.#refusedUpgrade(socket, response);
      else response.resume();
    });
    // ws reports a refused or broken handshake here and then closes; `close` is where we act.
    let failure: string | undefined;
    socket.on('error', (error) => {
      failure = error.message;
    });
    socket.on('close', (code) => {
      if (current()) this.#end('disconnect', failure ?? `The server closed the connection (${code}).`);
    });
  }

  #opened(): void {
    const now = this.#o.clock.now();
    this.#openedAt = this.#subscribedAt = this.#checkedAt = this.#pingedAt = now;
    this.#lastBytesAt = now;
    this.#unansweredSince = undefined;
    this.#lastTickAt = this.#lastLiveTickAt = undefined;
    this.#enter('open', undefined);
    this.#notOpenSince = undefined;
    this.#o.observer.connected?.(this.feed, true);
    this.#send(subscribeMessages(this.#all()));
    this.#o.sink.connected(this.feed, now, [...this.#wanted.owned.keys()]);
    this.#check = setInterval(() => this.#look(), this.#o.timings.checkMs);
  }

  #heard(data: RawData, isBinary: boolean): void {
    const now = this.#o.clock.now();
    this.#lastBytesAt = now;
    if (now - this.#aliveAt >= ALIVE_EVERY_MS || now < this.#aliveAt) {
      this.#aliveAt = now;
      this.#o.sink.alive(this.feed, now);
    }
    // `nodebuffer`, the default binaryType of ws, gives one Buffer a message.
    const bytes = data as Buffer;
    if (!isBinary) this.#heardText(bytes.toString('utf8'));
    else if (bytes.length > 1) this.#heardFrame(bytes, now);
  }

  #heardFrame(frame: Buffer, now: number): void {
    this.#lastFrameAt = now;
    let inSession = 0;
    try {
      inSession = this.#o.sink.frame(this.feed, frame, now);
    } catch (error) {
      // One frame that the pipeline chokes on must not take the process down.
      this.#o.log.error({ feed: this.feed, err: error }, 'A frame could not be processed');
    }
    this.#o.observer.ticked?.(this.feed, now);
    if (inSession === 0) return;
    this.#lastTickAt = now;
    if (now - this.#subscribedAt >= this.#o.timings.snapshotMs) this.#lastLiveTickAt = now;
  }

  #heardText(data: string): void {
    const frame = parseTextFrame(data);
    if (frame.type === 'message')
      this.#o.log.info({ feed: this.feed, message: this.#clean(frame.text) }, 'Kite says');
    if (frame.type !== 'error') return;
    const refusal = refusalOfText(frame.text);
    this.#o.log.warn({ feed: this.feed, error: this.#clean(frame.text), refusal }, 'Kite reports an error');
    if (refusal !== 'other') this.#end('disconnect', frame.text, refusal);
  }

  #refusedUpgrade(socket: WebSocket, response: IncomingMessage): void {
    let body = '';
    let done = false;
    const refuse = (): void => {
      if (done) return;
      done = true;
      clearTimeout(deadline);
      response.destroy();
      if (this.#socket !== socket) return;
      const status = response.statusCode ?? 0;
      this.#end(
        'disconnect',
        `The upgrade was answered with ${status}. ${body}`.trim(),
        refusalOfUpgrade(status, body),
      );
    };
    const deadline = setTimeout(refuse, this.#o.timings.handshakeMs);
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      body = (body + part).slice(0, MAX_REFUSAL_BYTES);
    });
    response.on('end', refuse).on('error', refuse).on('close', refuse);
  }

  /** Looks for silence and sends the pings that are due. */
  #look(): void {
    const { bytesSilenceMs, pingMs, stableMs, checkMs } = this.#o.timings;
    const now = this.#o.clock.now();
    const heldUp = now - this.#checkedAt > checkMs + HELD_UP_MS || now < this.#checkedAt;
    this.#checkedAt = now;
    if (heldUp) {
      // Also after the clock was set: what was measured across that says nothing.
      this.#lastBytesAt = this.#pingedAt = now;
      this.#openedAt = Math.min(this.#openedAt, now);
      this.#unansweredSince = undefined;
      return;
    }
    if (now - (this.#lastBytesAt ?? now) >= bytesSilenceMs) {
      this.#end('stall', `Not a byte came for ${bytesSilenceMs} ms.`);
      return;
    }
    if (this.#unansweredSince !== undefined && now - this.#unansweredSince >= 2 * pingMs) {
      this.#end('disconnect', `A ping was not answered within ${2 * pingMs} ms.`);
      return;
    }
    if (now - this.#pingedAt >= pingMs) {
      this.#pingedAt = now;
      this.#unansweredSince ??= now;
      this.#socket?.ping();
    }
    if (now - this.#openedAt >= stableMs) this.#attempt = this.#rateLimited = 0;
  }

  #ponged(): void {
    this.#unansweredSince = undefined;
  }

  /** Leaves the socket and enters the state that the reason asks for. */
  #end(cause: FeedEnd, reason: string, refusal: Refusal = 'other'): void {
    const { timings, random } = this.#o;
    this.#giveUp(cause);
    const said = this.#clean(reason);
    this.#o.log.warn({ feed: this.feed, cause, refusal, reason: said }, 'Connection to Kite ended');
    switch (refusal) {
      case 'login_needed':
        this.#enter('login_needed', `The access token is not accepted: run \`tickscope login\`. ${said}`);
        return;
      case 'no_permission':
        this.#enter('no_permission', `This API key may not have live data. ${said}`);
        this.#retryIn(timings.noPermissionRetryMs * (1 + random() / 10));
        return;
      case 'rate_limited':
        this.#enter('waiting', said);
        this.#retryIn(
          equalJitter(this.#rateLimited++, timings.rateLimitBaseMs, timings.rateLimitCapMs, random),
        );
        return;
      default:
        this.#enter('waiting', said);
        this.#retryIn(fullJitter(this.#attempt++, timings.backoffBaseMs, timings.backoffCapMs, random));
    }
  }

  #retryIn(delayMs: number): void {
    this.#nextAttemptAt = this.#o.clock.now() + delayMs;
    this.#timer = setTimeout(() => this.#connect(), delayMs);
  }

  /** Lets go of socket and timers; tells the sink if the connection was open. */
  #giveUp(cause: FeedEnd): void {
    clearTimeout(this.#timer);
    clearInterval(this.#check);
    this.#nextAttemptAt = undefined;
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.terminate();
    if (this.#state !== 'open') return;
    this.#notOpenSince = this.#o.clock.now();
    this.#o.observer.connected?.(this.feed, false);
    this.#o.sink.disconnected(this.feed, this.#o.clock.now(), cause);
  }

  #enter(state: ConnectionState, reason: string | undefined): void {
    this.#reason = reason;
    if (state === this.#state) return;
    this.#state = state;
    this.#since = this.#o.clock.now();
    this.#o.log.info({ feed: this.feed, state }, 'Feed state');
  }

  #all(): ReadonlyMap<number, FeedMode> {
    return new Map([...this.#wanted.guests, ...this.#wanted.owned]);
  }

  #send(messages: readonly string[]): void {
    for (const message of messages) this.#socket?.send(message, () => undefined);
  }

  /** What others said, short and without our credentials. */
  #clean(text: string): string {
    return withoutSecrets(text, [this.#o.apiKey, this.#o.accessToken()]).slice(0, 300);
  }
}
