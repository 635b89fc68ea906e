import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CalendarFile } from '@tickscope/ingest/dist/src/sessions/calendar.js';
import type { FaultKind } from '@tickscope/ingest/dist/src/simulator/faults.js';
import { Cluster } from './cluster.js';
import { SmallDisk } from './disk.js';
import { Program } from './program.js';
import type { Random } from './random.js';
import { freePort, TcpProxy } from './tcp-proxy.js';
import { until } from './waiting.js';

/** As `POST /simulator/faults` takes it. */
export interface ExchangeFault {
  readonly kind: FaultKind;
  readonly count?: number;
  readonly seconds?: number;
  readonly tokens?: readonly number[];
  readonly latencyMs?: number;
  readonly skewMs?: number;
}

export interface WorldOptions {
  readonly random: Random;
  /** Seed of the simulated market. */
  readonly seed: number;
  readonly instruments: number;
  /** Packets a second. */
  readonly rate: number;
  /** Folder of the programs of a PostgreSQL with TimescaleDB; undefined: the embedded PostgreSQL. */
  readonly bin: string | undefined;
  /** Hours of the exchange; undefined: it never closes. With hours, whoever strikes waits for what he waits for. */
  readonly calendar?: CalendarFile;
  /** Whether the simulator writes down what it sends; default true. */
  readonly sentLog?: boolean;
  /** Whether database and spool get small disks of their own, where that can be had; default true. */
  readonly smallDisks?: boolean;
  /** Settings of the service beyond its addresses and folders. */
  readonly settings?: Readonly<Record<string, string>>;
}

const READY_WITHIN_MS = 90_000;
/** Reconnects wait up to 30 s. */
const FLOWING_WITHIN_MS = 90_000;
const FRESH_MS = 2_000;
const STOP_WITHIN_MS = 40_000;
const DATABASE_MIB = 700;
const SPOOL_MIB = 128;

/** A kill -9: when it was sent and when the process was seen to be gone, epoch milliseconds. */
export interface Kill {
  readonly at: number;
  over: number;
}

/**
 * A simulator, a PostgreSQL with a proxy before it, and a service between them: each a process of its own, so that each can
 * fail alone. The simulator writes down every frame that it sends.
 */
export class World {
  service: Program;
  /** When a service was killed, epoch milliseconds: what it had not kept within 100 ms may be lost. */
  readonly kills: Kill[] = [];
  readonly servicePort: number;

  private constructor(
    readonly options: WorldOptions,
    readonly folder: string,
    readonly simulator: Program,
    readonly simulatorPort: number,
    readonly cluster: Cluster,
    /** Between the service and its database. */
    readonly proxy: TcpProxy,
    /** Between the service and the exchange's feed. */
    readonly feedProxy: TcpProxy,
    /** File systems of their own; undefined where they cannot be had. */
    readonly disks: { readonly database: SmallDisk; readonly spool: SmallDisk } | undefined,
    servicePort: number,
  ) {
    this.servicePort = servicePort;
    this.service = this.newService();
  }

  static async create(options: WorldOptions): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'tickscope-faults-'));
    await chmod(folder, 0o755); // the database's user passes through
    const postgres = join(folder, 'postgres');
    const spool = join(folder, 'spool');
    await Promise.all([mkdir(postgres), mkdir(spool)]);
    const database = options.smallDisks === false ? undefined : await SmallDisk.mount(postgres, DATABASE_MIB);
    const spoolDisk = database && (await SmallDisk.mount(spool, SPOOL_MIB));
    const disks = database && spoolDisk ? { database, spool: spoolDisk } : undefined;
    const cluster = await Cluster.create(postgres, options.bin);
    const proxy = new TcpProxy(cluster.port);
    await proxy.start();
    const simulatorPort = await freePort();
    const feedProxy = new TcpProxy(simulatorPort);
    await feedProxy.start();
    const calendar = join(folder, 'calendar.json');
    await writeFile(calendar, JSON.stringify(options.calendar ?? null));
    const simulator = new Program(
      [
        'simulate',
        ...['--port', String(simulatorPort), '--seed', String(options.seed)],
        ...['--instruments', String(options.instruments), '--rate', String(options.rate)],
        ...['--historical-rate', '0'],
        ...(options.sentLog === false ? [] : ['--sent-log', join(folder, 'sent')]),
        // At any hour; a round across midnight IST has a change of day.
        ...['--calendar', options.calendar ? calendar : 'nonstop'],
      ],
      folder,
      join(folder, 'simulator.log'),
    );
    await answering(`http://127.0.0.1:${simulatorPort}/simulator/info`, simulator);
    const world = new World(
      options,
      folder,
      simulator,
      simulatorPort,
      cluster,
      proxy,
      feedProxy,
      disks,
      await freePort(),
    );
    try {
      if (options.calendar) await world.ready();
      else await world.flowing();
      return world;
    } catch (error) {
      await world.remove(false);
      throw error;
    }
  }

  get random(): Random {
    return this.options.random;
  }

  get sentLog(): string {
    return join(this.folder, 'sent');
  }

  get spoolDir(): string {
    return join(this.folder, 'spool');
  }

  /** Starts a service; the one before must be gone, or not be meant to be. */
  newService(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Program {
    return new Program(['serve', ...args], this.folder, join(this.folder, 'service.log'), {
      BROKER: 'simulator',
      DATABASE_URL: this.cluster.url(this.proxy.port),
      KITE_API_URL: `http://127.0.0.1:${this.simulatorPort}`,
      KITE_TICKER_URL: `ws://127.0.0.1:${this.feedProxy.port}`,
      TICKSCOPE_PORT: String(this.servicePort),
      TICKSCOPE_DATA_DIR: join(this.folder, 'data'),
      SPOOL_DIR: this.spoolDir,
      ...this.options.settings,
      ...env,
    });
  }

  /** As the operating system does it when memory is short. */
  async killService(service = this.service): Promise<void> {
    const kill = { at: Date.now(), over: Number.POSITIVE_INFINITY };
    this.kills.push(kill);
    service.kill('SIGKILL');
    await service.exit;
    kill.over = Date.now();
  }

  startService(): void {
    this.service = this.newService();
  }

  /** Waits until the service is ready and commits what comes now. @returns milliseconds */
  async flowing(withinMs = FLOWING_WITHIN_MS): Promise<number> {
    const began = performance.now();
    await answering(this.url('/health/ready'), this.service);
    const since = Date.now();
    await until('committed ticks of now', withinMs, async () => {
      this.#mustRun();
      const received = await this.lastReceived().catch(() => 0);
      return received > Math.max(since, Date.now() - FRESH_MS);
    });
    return performance.now() - began;
  }

  /** Waits until the service answers for itself; a closed market sends nothing that it could commit. */
  async ready(): Promise<void> {
    await answering(this.url('/health/ready'), this.service);
  }

  /** Epoch milliseconds of the receipt of the newest tick committed. */
  async lastReceived(): Promise<number> {
    const [row] = await this.cluster.query<{ at: number | null }>(
      `select extract(epoch from max(received_at))::float8 * 1000 as at from tick_data where time > now() - interval '2 minutes'`,
    );
    return row?.at ?? 0;
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.servicePort}${path}`;
  }

  async get<T>(path: string): Promise<T> {
    const response = await fetch(this.url(path), { signal: AbortSignal.timeout(30_000) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** A fault of the simulated exchange. */
  async exchange(request: ExchangeFault): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${this.simulatorPort}/simulator/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
    });
    if (!response.ok) throw new Error(`The simulator refused the fault: ${await response.text()}`);
  }

  async clearExchange(): Promise<void> {
    await fetch(`http://127.0.0.1:${this.simulatorPort}/simulator/faults`, { method: 'DELETE' });
  }

  /** Lets a random time pass. */
  pause(fromMs: number, toMs: number): Promise<void> {
    return sleep(this.random.between(fromMs, toMs));
  }

  /** Stops the service cleanly and the simulator, so that the log of what was sent is whole. */
  async rest(): Promise<void> {
    const code = await this.service.stop(STOP_WITHIN_MS);
    await this.simulator.stop(5_000);
    if (code !== 0)
      throw new Error(`The service stopped with ${code}: ${this.service.printed().slice(-2000)}`);
  }

  async remove(keep: boolean): Promise<void> {
    for (const program of [this.service, this.simulator]) program.kill('SIGKILL');
    await Promise.all([this.service.exit, this.simulator.exit]);
    await this.proxy.stop();
    await this.feedProxy.stop();
    await this.cluster.stop();
    if (!keep) await Promise.all([this.disks?.database.unmount(), this.disks?.spool.unmount()]);
    if (keep) console.error(`Kept: ${this.folder}`);
    else await rm(this.folder, { recursive: true, force: true });
  }

  #mustRun(): void {
    if (this.service.ended !== undefined) {
      throw new Error(
        `The service ended by itself (${this.service.ended}): ${this.service.printed().slice(-3000)}`,
      );
    }
  }
}

async function answering(url: string, program: Program): Promise<void> {
  await until(`${program.args[0]} is ready`, READY_WITHIN_MS, async () => {
    if (program.ended !== undefined) {
      throw new Error(`${program.args[0]} ended with ${program.ended}: ${program.printed().slice(-3000)}`);
    }
    return fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
      (response) => response.ok,
      () => false,
    );
  });
}
