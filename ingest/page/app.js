import { ask } from './api.js';
import { bucketOf, INTERVALS, LoadedCandles } from './candles.js';
import { Chart } from './chart.js';
import { byId, element, setText } from './dom.js';
import {
  clearPanels,
  showCompleteness,
  showDepth,
  showHoles,
  showQuote,
  showStatus,
  showWarnings,
} from './panels.js';
import { startSearch } from './search.js';

const TICK_MS = 1_000;
const STATUS_MS = 3_000;
const DAY_MS = 86_400_000;
const FIRST_INSTRUMENT = 'NSE:NIFTY 50';
/** How much history one request brings. */
const SPAN_MS = {
  '1m': 2 * DAY_MS,
  '5m': 6 * DAY_MS,
  '15m': 15 * DAY_MS,
  '1h': 45 * DAY_MS,
  '1d': 500 * DAY_MS,
};
/** Closed days are stepped over, farther each time; after so many empty answers there is nothing older. */
const EMPTY_ANSWERS = 4;
/** Buckets asked for again each second: healed ones change too. */
const TAIL_BUCKETS = 6;

/** What is shown. A new object for each choice, so that a late answer for the old one is told apart and dropped. */
let view;
let serverNow = Date.now();
let warningsOfStatus = [];

const chart = new Chart(byId('chart'), byId('tip'), () => older(view));

async function open(reference, interval) {
  const current = {
    reference,
    interval,
    loaded: new LoadedCandles(interval),
    older: undefined,
    warnings: [],
  };
  view = current;
  chart.reset(current.loaded);
  clearPanels(reference.slice(reference.indexOf(':') + 1));
  byId('empty').hidden = true;
  for (const button of byId('intervals').children) {
    button.setAttribute('aria-pressed', String(button.dataset.interval === interval));
  }
  history.replaceState(null, '', `#${encodeURIComponent(reference)}/${interval}`);
  await attempt(current, async () => {
    await showAbout(current);
    await load(current, serverNow - SPAN_MS[interval], undefined, 1_500);
    if (current.loaded.candles.size < 60) await older(current);
  });
  if (view === current && current.loaded.candles.size === 0 && byId('problem').hidden) {
    byId('empty').hidden = false;
    setText(byId('empty'), 'No candles yet. As soon as one is heard or fetched it appears here.');
  }
}

async function showAbout(current) {
  const { instrument } = await ask(`/api/instruments/${encodeURIComponent(current.reference)}`);
  if (view !== current) return;
  current.isIndex = instrument.instrumentType === 'INDEX';
  setText(byId('symbol'), instrument.symbol);
  const about = [instrument.name, instrument.exchange, instrument.expiry && `expires ${instrument.expiry}`];
  setText(byId('about'), about.filter((part) => part && part !== instrument.symbol).join(' · '));
}

/** Reads `[from, to)` into what is loaded; without `to`, up to now. */
async function load(current, from, to, waitMs) {
  const answer = await ask('/api/candles', {
    instrument: current.reference,
    interval: current.interval,
    from: Math.trunc(from),
    to: to === undefined ? undefined : Math.trunc(to),
    wait_ms: waitMs,
  });
  if (view !== current) return answer;
  current.loaded.merge(answer, bucketOf(from, current.interval), to ?? Number.POSITIVE_INFINITY);
  current.warnings = answer.warnings;
  if (answer.candles.length > 0) byId('empty').hidden = true;
  chart.show(serverNow);
  return answer;
}

/** One step further back; several scroll events share one request. */
function older(current) {
  if (!current || current.exhausted) return current?.older;
  current.older ??= attempt(current, async () => {
    let span = SPAN_MS[current.interval];
    let to = current.loaded.oldest ?? serverNow;
    for (let empty = 0; empty < EMPTY_ANSWERS && view === current; empty++) {
      const { candles } = await load(current, to - span, to, 3_000);
      if (candles.length > 0) return;
      to -= span;
      span *= 2;
    }
    current.exhausted = true;
  }).finally(() => {
    current.older = undefined;
  });
  return current.older;
}

async function tail(current) {
  const step = INTERVALS[current.interval];
  const newest = current.loaded.newest ?? serverNow - TAIL_BUCKETS * step;
  const openGap = current.loaded.gaps.at(-1)?.from ?? newest;
  const from = Math.max(Math.min(newest, openGap), newest - 60 * step) - TAIL_BUCKETS * step;
  const answer = await load(current, bucketOf(from, current.interval), undefined, 0);
  if (view === current)
    showHoles(current.loaded.gaps, current.interval === '1d' ? undefined : answer.completeness);
}

async function second() {
  const current = view;
  if (document.hidden || !current) return;
  await attempt(current, async () => {
    const [{ quotes }, depth] = await Promise.all([
      ask('/api/quote', { instrument: current.reference }),
      ask('/api/depth', { instrument: current.reference }),
      tail(current),
    ]);
    if (view !== current) return;
    showQuote(quotes[0]);
    showDepth(depth, current.isIndex);
    showWarnings([...warningsOfStatus, ...current.warnings]);
  });
}

async function status() {
  if (document.hidden) return;
  const answer = await ask('/api/status');
  serverNow = Date.parse(answer.now);
  warningsOfStatus = answer.warnings;
  showStatus(answer);
  if (!view) return;
  const current = view;
  const { completeness } = await ask('/api/completeness', { instrument: current.reference });
  if (view === current) showCompleteness(completeness);
}

/** Shows what went wrong as a sentence, and takes it away once things work again. */
async function attempt(current, work) {
  try {
    await work();
    if (view === current) byId('problem').hidden = true;
  } catch (error) {
    if (error.name === 'AbortError' || view !== current) return;
    problem(error);
  }
}

function problem(error) {
  setText(byId('problem').firstElementChild, error.message);
  byId('problem').hidden = false;
}

/** Runs `work` again and again, never twice at a time. */
async function forever(work, everyMs) {
  for (;;) {
    await work().catch(problem);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

function fromAddress() {
  const [reference, interval] = location.hash.slice(1).split('/');
  return [
    reference ? decodeURIComponent(reference) : FIRST_INSTRUMENT,
    interval in INTERVALS ? interval : '1m',
  ];
}

byId('intervals').append(
  ...Object.keys(INTERVALS).map((interval) => {
    const button = element('button', { type: 'button', 'data-interval': interval }, interval);
    button.addEventListener('click', () => open(view.reference, interval));
    return button;
  }),
);
byId('problem')
  .querySelector('button')
  .addEventListener('click', () => open(view.reference, view.interval));
startSearch(
  byId('search'),
  byId('matches'),
  ({ exchange, symbol }) => open(`${exchange}:${symbol}`, view.interval),
  problem,
);
addEventListener('hashchange', () => {
  const [reference, interval] = fromAddress();
  if (reference !== view.reference || interval !== view.interval) open(reference, interval);
});

// The clock first: it decides which candles are asked for.
await status().catch(problem);
await open(...fromAddress());
forever(status, STATUS_MS);
forever(second, TICK_MS);
