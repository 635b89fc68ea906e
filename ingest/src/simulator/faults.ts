import Type, { type Static } from 'typebox';

/** What can go wrong on demand. `seconds` are wall-clock seconds; a fault without count or seconds lasts until cleared. */
export const FAULT_KINDS = [
  'drop', // close every socket; with seconds: refuse new ones meanwhile
  'stall', // the sockets stay open, not a byte is sent
  'heartbeatOnly', // heartbeats go on, data does not: the silently dead feed
  'halt', // heartbeats go on, nothing is sent, and quotes stand still: the whole market has stopped
  'reject403', // REST and WebSocket answer 403 TokenException
  'rate429', // REST answers 429
  'http500', // REST answers 500
  'slow', // REST answers after latencyMs (2000)
  'corruptFrame', // a frame with its first bytes overturned
  'truncatedFrame', // a frame cut off inside a packet
  'unknownPacket', // a frame with a packet of a length that the protocol does not know
  'duplicate', // a packet sent twice
  'lateTick', // a trade's packet held back for seconds (default 5), others overtake it
  'volumeLump', // nothing of an instrument is sent for seconds; the next packet carries all its volume
  'emptyHistory', // history answers without candles
  'partialLastCandle', // history goes up to now, settled or not
  'clockSkew', // the exchange's clock is off by skewMs
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export const FaultRequest = Type.Object(
  {
    kind: Type.Unsafe<FaultKind>(Type.Union(FAULT_KINDS.map((kind) => Type.Literal(kind)))),
    /** How many times it strikes. */
    count: Type.Optional(Type.Integer({ minimum: 1 })),
    seconds: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    /** Only these instruments, where the fault concerns packets or history. */
    tokens: Type.Optional(Type.Array(Type.Integer())),
    latencyMs: Type.Optional(Type.Number({ minimum: 0 })),
    skewMs: Type.Optional(Type.Number()),
  },
  { additionalProperties: false },
);
export type FaultRequest = Static<typeof FaultRequest>;

interface ActiveFault {
  readonly request: FaultRequest;
  readonly beganAt: number;
  readonly endsAt: number;
  left: number;
}

const ONCE: ReadonlySet<FaultKind> = new Set([
  'drop',
  'corruptFrame',
  'truncatedFrame',
  'unknownPacket',
  'duplicate',
  'lateTick',
]);

/** The faults that are on. Asked at every packet, so nothing is looked up while there are none. */
export class Faults {
  #active: ActiveFault[] = [];

  /** `monotonicMs` gives milliseconds that never go back. */
  constructor(readonly monotonicMs: () => number = () => performance.now()) {}

  /** Whether any fault is on. */
  get any(): boolean {
    return this.#active.length > 0;
  }

  /** A fault that strikes one thing (a frame, a packet) does so once when neither count nor seconds are given. */
  add(request: FaultRequest): void {
    // For a late tick `seconds` is how long it is held back, not how long the fault lasts.
    const lasting = request.kind === 'lateTick' ? undefined : request.seconds;
    const once = ONCE.has(request.kind) && lasting === undefined;
    this.#active.push({
      request,
      beganAt: this.monotonicMs(),
      endsAt: lasting === undefined ? Number.POSITIVE_INFINITY : this.monotonicMs() + lasting * 1000,
      left: request.count ?? (once ? 1 : Number.POSITIVE_INFINITY),
    });
  }

  /** The fault of `kind` that is on (for `token`), without using it up. */
  on(kind: FaultKind, token?: number): FaultRequest | undefined {
    return this.#find(kind, token)?.request;
  }

  /** The fault of `kind` that strikes now (for `token`); counts it. */
  strike(kind: FaultKind, token?: number): FaultRequest | undefined {
    const found = this.#find(kind, token);
    if (!found) return undefined;
    if (--found.left <= 0) this.#active = this.#active.filter((fault) => fault !== found);
    return found.request;
  }

  /** For how many milliseconds the fault of `kind` has been on; 0 when it is not. */
  elapsedMs(kind: FaultKind): number {
    const found = this.#find(kind, undefined);
    return found ? this.monotonicMs() - found.beganAt : 0;
  }

  clear(): void {
    this.#active = [];
  }

  list(): Array<FaultRequest & { left: number | null; secondsLeft: number | null }> {
    const now = this.monotonicMs();
    this.#active = this.#active.filter((fault) => fault.endsAt > now);
    return this.#active.map(({ request, left, endsAt }) => ({
      ...request,
      left: Number.isFinite(left) ? left : null,
      secondsLeft: Number.isFinite(endsAt) ? (endsAt - now) / 1000 : null,
    }));
  }

  #find(kind: FaultKind, token: number | undefined): ActiveFault | undefined {
    if (this.#active.length === 0) return undefined;
    const now = this.monotonicMs();
    if (this.#active.some((fault) => fault.endsAt <= now))
      this.#active = this.#active.filter((fault) => fault.endsAt > now);
    return this.#active.find(
      ({ request }) =>
        request.kind === kind &&
        (request.tokens === undefined || (token !== undefined && request.tokens.includes(token))),
    );
  }
}
