import { resolve } from 'node:path';
import { Command } from 'commander';
import type { Config } from '../../config/config.js';
import { KITE_TIMINGS } from '../../feed/kite/timings.js';
import type { SourcePlan } from '../../service/source.js';
import { type Replay, startReplay } from '../../simulator/replay.js';
import { readSetting } from '../command.js';
import { positiveOption } from '../options.js';
import type { Terminal } from '../terminal.js';
import { runService } from './serve.js';

interface Flags {
  instrument?: string;
  speed: number;
  exit?: boolean;
}

export function replayCommand(terminal: Terminal): Command {
  return new Command('replay')
    .description(
      'Play a minute file (date,open,high,low,close,volume[,oi]) or a recorded frame through the whole pipeline, into a database of origin replay.',
    )
    .argument('<file>', 'a .csv of minutes, or a .packet frame')
    .option('--instrument <name>', 'whose minutes they are, NSE:INFY')
    .option('--speed <n>', 'how many times faster than life', positiveOption, 1)
    .option('--exit', 'stop when the last minute has been played')
    .action(async (file: string, flags: Flags) => {
      const setting = readSetting(terminal);
      const replay = await startReplay({
        port: 0,
        file: resolve(terminal.folder, file),
        speed: flags.speed,
        historicalPerSecond: 0,
        settleSeconds: 2,
        ...(flags.instrument === undefined ? {} : { instrument: flags.instrument }),
      });
      const config = replayConfig(setting.config);
      // What was played last is committed and covered a few seconds of its own time later.
      const until = flags.exit
        ? () => replay.done.then(() => new Promise((done) => setTimeout(done, 6_000)))
        : undefined;
      try {
        await runService({ ...setting, config }, replayPlan(replay, flags.speed), { until });
      } finally {
        await replay.stop();
      }
    });
}

/**
 * Whatever broker is configured, a replay is its own: every instrument of the file, nothing to log in to, and nobody else
 * to ask, whose history would be of another day.
 */
export function replayConfig(config: Config): Config {
  return {
    ...config,
    broker: 'simulator',
    kite: { ...config.kite, accessToken: undefined, apiKey: undefined },
    fyers: undefined,
    instruments: [],
    heal: { ...config.heal, settleSeconds: 2, daySettleMinutes: 0 },
  };
}

/** Time runs as fast as the replay; silences that mean a dead feed are counted in it, so they are longer. */
function replayPlan(replay: Replay, speed: number): SourcePlan {
  const faster = Math.max(1, speed);
  return {
    origin: 'replay',
    clock: { now: () => replay.now() },
    timings: {
      bytesSilenceMs: KITE_TIMINGS.bytesSilenceMs * faster,
      tickSilenceMs: KITE_TIMINGS.tickSilenceMs * faster,
      snapshotMs: KITE_TIMINGS.snapshotMs * faster,
      stableMs: KITE_TIMINGS.stableMs * faster,
      haltReconnectMs: KITE_TIMINGS.haltReconnectMs * faster,
    },
    start: async () => ({
      apiUrl: replay.url,
      tickerUrl: replay.wsUrl,
      unlimited: true,
      seeded: false,
      where: `replay at ${replay.url}, ${speed} times as fast as life${quiet(replay)}`,
      stop: () => replay.stop(),
    }),
  };
}

function quiet({ quietMinutes }: Replay): string {
  return quietMinutes === 0 ? '' : `, without ${quietMinutes} minutes in which nothing traded`;
}
