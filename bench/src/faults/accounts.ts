import { Calendar } from '@tickscope/ingest/dist/src/sessions/calendar.js';
import { calendarNamed } from '@tickscope/ingest/dist/src/simulator/calendars.js';
import { SimulatedExchange } from '@tickscope/ingest/dist/src/simulator/exchange.js';
import { balance } from './balance.js';
import { checkMinutes, minuteOf, type WrongCandle } from './candles.js';
import type { Fault } from './fault.js';
import { compare } from './ledger.js';
import { emptyTally, type Tally } from './report.js';
import { readSent, type SentPacket } from './sent.js';
import { readStored } from './stored.js';
import type { Kill, World } from './world.js';

const MINUTE_MS = 60_000;
/**
 * What was received is in the spool after 100 ms at the latest. The rest is room for a frame that waits in the socket, and
 * for a machine on which others work.
 */
const KILL_TAKES_MS = 2_000;
/** Name of the row for what happened between two runs. */
const BETWEEN = '(between)';

/** One strike of one fault, `[from, to)` in epoch milliseconds. */
export interface Run {
  readonly fault: Fault;
  readonly from: number;
  to: number;
  error: unknown;
  /** From the end of the fault until ticks were committed again. */
  backSeconds: number;
}

/** What a round found, by fault, and what to tell of each that broke a promise. */
export interface Round {
  readonly tallies: Map<string, Tally>;
  readonly complaints: string[];
}

/** What was sent, stored and said, held against each other. */
export class Accounts {
  readonly #exchange: SimulatedExchange;

  constructor(readonly world: World) {
    const { seed, instruments, calendar } = world.options;
    this.#exchange = SimulatedExchange.simulate({
      calendar: calendar ? Calendar.parse(calendar) : calendarNamed('nonstop'),
      seed,
      instruments,
      now: Date.now(),
    });
  }

  /** Candles that are called complete now and are wrong, later than `from` and than the first whole minute. */
  async wrongSince(from: number, began: number): Promise<readonly WrongCandle[]> {
    const first = Math.max(minuteOf(from), minuteOf(began));
    const { wrong } = await this.#check(first, minuteOf(Date.now()));
    return wrong;
  }

  /**
   * Stops everything and counts. @param began when the first run did, epoch milliseconds
   * @param transient candles that were wrongly complete at some time
   * @param others what else was found wrong
   */
  async settle(
    runs: readonly Run[],
    began: number,
    transient: readonly WrongCandle[],
    others: readonly string[],
  ): Promise<Round> {
    const { world } = this;
    const tallies = new Map<string, Tally>();
    const complaints: string[] = [];
    if (others.length > 0) tallyOf(tallies, BETWEEN).failed += others.length;
    const tallyAt = (at: number) => {
      const name = runs.find((run) => at >= run.from && at < run.to)?.fault.name ?? BETWEEN;
      return tallyOf(tallies, name);
    };
    for (const run of runs) {
      const tally = tallyOf(tallies, run.fault.name);
      tally.runs++;
      tally.slowest = Math.max(tally.slowest, run.backSeconds);
      if (run.error) {
        tally.failed++;
        complaints.push(`${run.fault.name} failed: ${String((run.error as Error).stack ?? run.error)}`);
      }
    }

    const { judged, incomplete, wrong } = await this.#check(minuteOf(began), minuteOf(Date.now()));
    for (const candle of [...wrong, ...transient]) {
      tallyAt(candle.bucket + MINUTE_MS / 2).wrong++;
      complaints.push(
        `wrongly complete: ${candle.token} ${new Date(candle.bucket).toISOString()} ${candle.source} is ${candle.is}, ought ${candle.ought}`,
      );
    }
    const bySource: Record<string, number> = {};
    for (const { bucket, source } of judged) {
      tallyAt(bucket + MINUTE_MS / 2).candles++;
      bySource[source] = (bySource[source] ?? 0) + 1;
    }
    process.stderr.write(`complete candles: ${JSON.stringify(bySource)}, incomplete: ${incomplete}\n`);

    const stopped = await world.rest().then(
      () => [],
      (error: unknown) => [`it did not stop cleanly: ${String(error)}`],
    );
    for (const complaint of [...stopped, ...(await balance(world.cluster))]) {
      tallyOf(tallies, BETWEEN).failed++;
      complaints.push(complaint);
    }
    // What waits for its aggregates is not covered yet; here it counts as heard.
    await world.cluster.query('delete from stale_ranges');
    const sent = await readSent(world.sentLog, (token) => this.#exchange.instrument(token)!);
    for (const [token, packets] of sent) {
      const index = this.#exchange.instrument(token)!.type === 'INDEX';
      const found = compare(packets, await readStored(world.cluster, token, index));
      for (const { at } of packets) tallyAt(at).sent++;
      for (const { at } of found.stored) tallyAt(at).stored++;
      for (const { at } of found.repeats) tallyAt(at).repeats++;
      for (const row of found.surplus) {
        tallyAt(row.receivedAt).duplicated++;
        complaints.push(
          `duplicated: ${token} seq ${row.seq} received ${new Date(row.receivedAt).toISOString()} ${row.mark}`,
        );
      }
      for (const [i, covered] of (await this.#covered(token, found.missing)).entries()) {
        const packet = found.missing[i]!;
        const tally = tallyAt(packet.at);
        const before = msBeforeKill(packet, runs, world.kills);
        if (before !== undefined) tally.oldestLostMs = Math.max(tally.oldestLostMs ?? 0, before);
        const beyond = before !== undefined && before > KILL_TAKES_MS;
        if (covered || beyond) {
          tally.lost++;
          complaints.push(
            `lost ${covered ? 'where the feed is said to have been heard' : `${before} ms before a kill -9`}: ${token} sent ${iso(packet.at)} tells of ${iso(packet.time)} ${packet.mark}`,
          );
        } else tally.inHole++;
      }
    }
    return { tallies, complaints: [...complaints, ...others] };
  }

  get exchange(): SimulatedExchange {
    return this.#exchange;
  }

  #check(from: number, to: number) {
    const tokens = this.#exchange.instruments.map(({ token }) => token);
    return checkMinutes(this.world.cluster, this.#exchange, tokens, from, to);
  }

  /** For each packet, whether its instant is one that was heard according to the database. */
  async #covered(token: number, packets: readonly SentPacket[]): Promise<boolean[]> {
    if (packets.length === 0) return [];
    const times = packets.map(({ time, at }) => (Number.isNaN(time) ? at : time));
    const rows = await this.world.cluster.query<{ covered: boolean }>(
      `select s.spans @> to_timestamp(t.ms / 1000.0) as covered
       from (select live_spans($1, to_timestamp($3 / 1000.0) - interval '1 hour', to_timestamp($4 / 1000.0) + interval '1 hour') as spans) s
       cross join unnest($2::float8[]) with ordinality t (ms, i) order by t.i`,
      [token, times, Math.min(...times), Math.max(...times)],
    );
    return rows.map(({ covered }) => covered);
  }
}

/** Until the exchange sees that who listened is dead, by way of the proxy. */
const SEES_END_MS = 500;

/** How long before the next kill -9 of its run a packet was sent; undefined when none came. */
function msBeforeKill({ at }: SentPacket, runs: readonly Run[], kills: readonly Kill[]): number | undefined {
  const run = runs.find(({ from, to }) => at >= from && at < to);
  const kill = kills.find(({ over }) => over + SEES_END_MS >= at);
  return run && kill !== undefined && kill.at < run.to ? Math.max(0, kill.at - at) : undefined;
}

function tallyOf(tallies: Map<string, Tally>, name: string): Tally {
  let tally = tallies.get(name);
  if (!tally) {
    tally = emptyTally();
    tallies.set(name, tally);
  }
  return tally;
}

function iso(ms: number): string {
  return Number.isNaN(ms) ? 'no time' : new Date(ms).toISOString();
}
