import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Logger } from 'pino';
import type { CalendarName } from '../simulator/calendars.js';

/** What the parent asks the child for. */
export interface SimulatorWish {
  /** 0 takes a free port. */
  readonly port: number;
  readonly seed: number;
  readonly instruments: number;
  /** Packets a second. */
  readonly rate: number;
  readonly calendar: CalendarName;
}

type Answer = { waiting: true } | { port: number } | { error: string };

/** The bundled simulator as a child process. */
export interface SimulatorProcess {
  readonly apiUrl: string;
  readonly tickerUrl: string;
  readonly pid: number;
  /** Safe to call twice. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 3_000;
const RESTART_AFTER_MS = 1_000;

/** Starts the simulator; one that dies is started again on the same port, so that the feed finds it where it was. */
export async function startSimulatorProcess(
  wish: Omit<SimulatorWish, 'port'>,
  log: Logger,
): Promise<SimulatorProcess> {
  let stopping: Promise<void> | undefined;
  let current = await startChild({ ...wish, port: 0 });
  const { port } = current;
  const guard = (child: ChildProcess) => {
    child.once('exit', (code, signal) => {
      if (stopping) return;
      log.error({ code, signal }, 'the simulator ended by itself: starting it again');
      setTimeout(() => void restart(), RESTART_AFTER_MS).unref();
    });
  };
  const restart = async () => {
    if (stopping) return;
    try {
      current = await startChild({ ...wish, port });
      guard(current.child);
      if (stopping) await end(current.child);
    } catch (error) {
      log.error({ err: error }, 'the simulator did not start again');
      setTimeout(() => void restart(), RESTART_AFTER_MS).unref();
    }
  };
  guard(current.child);
  return {
    apiUrl: `http://127.0.0.1:${port}`,
    tickerUrl: `ws://127.0.0.1:${port}`,
    get pid() {
      return current.child.pid!;
    },
    stop() {
      stopping ??= end(current.child);
      return stopping;
    },
  };
}

async function startChild(wish: SimulatorWish): Promise<{ child: ChildProcess; port: number }> {
  // Detached: a Ctrl-C reaches us alone, and the simulator goes on until we have closed what listens to it.
  const child = fork(new URL('./simulator-child.js', import.meta.url), [], {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`The simulator did not start within ${START_TIMEOUT_MS / 1000} s.`)),
        START_TIMEOUT_MS,
      );
      timer.unref();
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`The simulator ended while starting (exit ${code}).`)));
      child.on('message', (answer: Answer) => {
        if ('waiting' in answer) child.send(wish);
        else if ('port' in answer) resolve(answer.port);
        else reject(new Error(`The simulator did not start: ${answer.error}`));
      });
    });
    child.removeAllListeners('exit');
    return { child, port };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  if (child.connected) child.disconnect();
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(force);
}
