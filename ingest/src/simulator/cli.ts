import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import pino from 'pino';
import { Calendar } from '../sessions/calendar.js';
import { CALENDAR_NAMES, type CalendarName } from './calendars.js';
import { type Simulator, startSimulator } from './simulator.js';
import { FEWEST_INSTRUMENTS, MOST_INSTRUMENTS } from './universe.js';

const DEFAULT_PORT = 8010;
const MOST_PACKETS_A_SECOND = 100_000;

interface ServerFlags {
  port: number;
  host: string;
  apiKey?: string;
  accessToken?: string;
  settle: number;
  historicalRate: number;
  conflate: number;
  sentLog?: string;
  rate?: number;
}

interface SimulateFlags extends ServerFlags {
  seed: number;
  instruments: number;
  calendar: CalendarName | Calendar;
}

/** `tickscope simulate`: the exchange simulator by itself, until Ctrl-C. */
export function simulateCommand(): Command {
  const command = new Command('simulate').description(
    'Serve a simulated exchange that speaks Kite Connect v3, HTTP and WebSocket on one port',
  );
  return serverOptions(command)
    .option('--seed <n>', 'which market: the same seed always tells the same story', whole(0), 1)
    .option('--instruments <n>', 'how many are listed', whole(FEWEST_INSTRUMENTS, MOST_INSTRUMENTS), 500)
    .option('--rate <n>', 'packets a second aimed at', whole(0, MOST_PACKETS_A_SECOND), 1000)
    .option(
      '--calendar <name>',
      'when it is open: always (00:45 to 24:00 IST), nonstop, nse, or a JSON file like calendar/nse.json',
      hours,
      'always',
    )
    .action(async (flags: SimulateFlags) => {
      const simulator = await startSimulator({
        ...serverFlags(flags),
        seed: flags.seed,
        instruments: flags.instruments,
        calendar: flags.calendar,
      });
      announce(simulator, `SIMULATED exchange, seed ${flags.seed}, ${flags.instruments} instruments`);
      await stopped(simulator);
    });
}

function serverOptions(command: Command): Command {
  return command
    .option('--port <n>', 'port, 0 for a free one', whole(0, 65_535), DEFAULT_PORT)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option(
      '--conflate <ms>',
      'at most one packet an instrument in so many milliseconds',
      whole(0, 60_000),
      0,
    )
    .option('--api-key <key>', 'accept only this key')
    .option('--access-token <token>', 'accept only this access token')
    .option('--sent-log <file>', 'write every frame sent to this file, to hold what was stored against it')
    .option('--settle <seconds>', 'history answers up to now less so much', whole(0, 3600), 2)
    .option('--historical-rate <n>', 'requests of history a second, 0 for no limit', whole(0, 10_000), 3);
}

function serverFlags(flags: ServerFlags) {
  return {
    port: flags.port,
    host: flags.host,
    conflateMs: flags.conflate,
    settleSeconds: flags.settle,
    historicalPerSecond: flags.historicalRate,
    log: pino({ level: 'info' }, pino.destination(2)),
    ...(flags.rate === undefined ? {} : { rate: flags.rate }),
    ...(flags.sentLog === undefined ? {} : { sentLog: flags.sentLog }),
    ...(flags.apiKey === undefined ? {} : { apiKey: flags.apiKey }),
    ...(flags.accessToken === undefined ? {} : { accessToken: flags.accessToken }),
  };
}

function announce(simulator: Simulator, what: string): void {
  console.log(`${what}\nKITE_API_URL=${simulator.url} KITE_TICKER_URL=${simulator.wsUrl}`);
}

/** Waits for SIGINT or SIGTERM, then stops. */
async function stopped(simulator: Simulator): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await simulator.stop();
}

/** @throws InvalidArgumentError */
function hours(text: string): CalendarName | Calendar {
  const name = CALENDAR_NAMES.find((known) => known === text);
  if (name) return name;
  if (!text.endsWith('.json'))
    throw new InvalidArgumentError(`Allowed choices are ${CALENDAR_NAMES.join(', ')}, or a .json file.`);
  try {
    return Calendar.parse(JSON.parse(readFileSync(text, 'utf8')));
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function whole(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most) {
      const upTo = most === Number.MAX_SAFE_INTEGER ? ' or more' : ` to ${most}`;
      throw new InvalidArgumentError(`Expected a whole number, ${least}${upTo}.`);
    }
    return value;
  };
}
