import type { Database } from '@tickscope/ingest/dist/src/db/database.js';
import { Child } from './child.js';
import type { FrameOptions } from './frames.js';
import { CpuMeter } from './proc.js';
import type { Ready, Run, Sent } from './sender.js';

const PATIENCE_MS = 120_000;

/** The sending process with its encoded frames. */
export class FrameSource {
  private constructor(
    readonly child: Child,
    readonly ready: Ready,
  ) {}

  static async start(options: FrameOptions): Promise<FrameSource> {
    const child = new Child('sender');
    try {
      return new FrameSource(child, await child.ask<Ready>({ type: 'prepare', options }, 'ready'));
    } catch (error) {
      await child.stop();
      throw error;
    }
  }

  stop(): Promise<void> {
    return this.child.stop();
  }
}

/** What a receiver reports: packets committed so far, snapshots included, and when (epoch ms). */
interface Committed {
  readonly packets: number;
  readonly at: number;
}

export interface StreamRun {
  readonly packets: number;
  /** From the first frame sent to the last packet committed. */
  readonly seconds: number;
  readonly sent: Sent;
  readonly cpu: Record<string, number>;
}

/**
 * Connects a receiver to the source, waits until the snapshots are committed, sends the stream and waits until
 * all of it is committed.
 */
export async function runStream(
  source: FrameSource,
  receiver: Child,
  db: Database,
  order: Run,
  serverCpu: () => number,
  onStreaming?: () => void | Promise<void>,
): Promise<StreamRun> {
  const snapshots = source.ready.tokens.length;
  let committed: Committed = { packets: 0, at: 0 };
  let goal = snapshots;
  let reached: (() => void) | undefined;
  receiver.on('committed', (message) => {
    committed = message as unknown as Committed;
    if (goal > snapshots) source.child.send({ type: 'committed', packets: committed.packets - snapshots });
    if (committed.packets >= goal) reached?.();
  });
  const untilGoal = () =>
    new Promise<void>((resolve, reject) => {
      if (committed.packets >= goal) return resolve();
      const late = setTimeout(
        () => reject(new Error(`Only ${committed.packets} of ${goal} packets were committed in time.`)),
        PATIENCE_MS + (order.perSecond > 0 ? (1000 * order.packets) / order.perSecond : 0),
      );
      reached = () => {
        clearTimeout(late);
        resolve();
      };
    });

  receiver.send({
    type: 'start',
    url: source.ready.url,
    databaseUrl: db.url,
    kind: db.kind,
    tokens: source.ready.tokens,
  });
  await Promise.race([untilGoal(), receiver.failure]);
  await onStreaming?.();
  const meter = new CpuMeter({
    sender: source.child.cpu,
    [receiver.script]: receiver.cpu,
    postgres: serverCpu,
  });
  goal = snapshots + order.packets;
  const sent = source.child.ask<Sent>({ type: 'run', ...order }, 'sent');
  await Promise.race([Promise.all([untilGoal(), sent]), receiver.failure]);
  return {
    packets: order.packets,
    seconds: (committed.at - (await sent).from) / 1000,
    sent: await sent,
    cpu: meter.used(),
  };
}
