import { setTimeout as sleep } from 'node:timers/promises';
import { calendarNamed } from '@tickscope/ingest/dist/src/simulator/calendars.js';
import { SimulatedExchange } from '@tickscope/ingest/dist/src/simulator/exchange.js';
import { minuteOf } from './candles.js';
import type { Fault } from './fault.js';
import type { World } from './world.js';

/*
 * A feed that comes and goes for a whole minute. What it costs the broker: at most one request for each instrument that
 * traded meanwhile, for the whole period; none for those whose next packet proves that nothing happened.
 */

const MINUTE_MS = 60_000;
const DROP_EVERY_MS = 300;
const FLAPPING_MS = 15_000;
/** Coverage ends up to this long before a drop, and begins again up to so long after the feed is back. */
const EDGE_MS = 5_000;
/** A hole waits for its minute to end, two seconds for the broker, and its turn at three requests a second. */
const QUIET_MS = 10_000;
const REQUEST_MS = 1000 / 3;

/** The fault, and what to look at when it is over. */
export function flapping(): { fault: Fault; also: (world: World) => Promise<string[]> } {
  let before: Record<string, number> = {};
  let from = 0;
  let to = 0;
  const fault: Fault = {
    name: 'feed flapping, requests',
    holes: true,
    strike: async (world) => {
      // The hole before the first connection is healed when its minute has ended: that is not ours.
      await nextMinute();
      await calm(world);
      // INDIA VIX is looked at by the service itself, which would ask for its first minute some time later.
      await world.get('/api/candles?instrument=NSE:INDIA VIX&interval=1m&wait_ms=30000');
      await nextMinute();
      before = await requests(world);
      from = Date.now();
      while (Date.now() - from < FLAPPING_MS) {
        await world.exchange({ kind: 'drop' });
        await sleep(DROP_EVERY_MS);
      }
      await world.flowing();
      to = Date.now();
      await nextMinute();
      await calm(world);
    },
  };
  const also = async (world: World) => {
    const after = await requests(world);
    const { seed, instruments } = world.options;
    const exchange = SimulatedExchange.simulate({
      calendar: calendarNamed('nonstop'),
      seed,
      instruments,
      now: from,
    });
    const complaints: string[] = [];
    let asked = 0;
    let moved = 0;
    for (const { token, type } of exchange.instruments) {
      const traded =
        type === 'INDEX' ||
        exchange.eventsBetween(token, from - EDGE_MS, to + EDGE_MS).some(({ kind }) => kind === 'trade');
      const made = (after[token] ?? 0) - (before[token] ?? 0);
      asked += made;
      moved += Number(traded);
      if (made > Number(traded)) {
        complaints.push(
          `${made} requests for ${token}, which ${traded ? 'traded' : 'did not trade'} while the feed flapped`,
        );
      }
    }
    process.stderr.write(
      `${asked} requests, ${moved} of ${exchange.instruments.length} instruments traded\n`,
    );
    return complaints;
  };
  return { fault, also };
}

function nextMinute(): Promise<void> {
  return sleep(minuteOf(Date.now()) + MINUTE_MS + EDGE_MS - Date.now());
}

/**
 * Waits until nobody has asked for history for a while.
 * @throws Error when that takes longer than two requests for each instrument would
 */
async function calm(world: World): Promise<void> {
  const until = performance.now() + 2 * (MINUTE_MS + world.options.instruments * REQUEST_MS);
  for (let last = -1; performance.now() < until; ) {
    const now = Object.values(await requests(world)).reduce((sum, n) => sum + n, 0);
    if (now === last) return;
    last = now;
    await sleep(QUIET_MS);
  }
  throw new Error('History was asked for without end.');
}

async function requests(world: World): Promise<Record<string, number>> {
  const response = await fetch(`http://127.0.0.1:${world.simulatorPort}/simulator/sent`);
  return ((await response.json()) as { history: Record<string, number> }).history;
}
