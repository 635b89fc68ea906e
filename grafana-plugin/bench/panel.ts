/**
 * What a frame of scrolling costs the candles panel with 10,000 candles: the real panel, with React and @grafana/ui, in
 * Chromium, traced. One JSON object a line; `npm run bench -- panel` in the repository's root runs it.
 */
import { type Browser, chromium, type Page } from 'playwright-core';
import { chromiumPath } from '../test/chromium';
import { bundle } from '../test/panel/browser/bundle';
import type { Shown } from '../test/panel/browser/harness';
import { MINUTE, OPEN, tickscopeFrame } from '../test/panel/browser/market';
import { type FrameCost, frameCosts, type TraceEvent } from './frame-costs';

const CANDLES = 10_000;
const SESSION_MINUTES = 385;
const DAY_MINUTES = 1_440;
const DAYS = Math.ceil(CANDLES / SESSION_MINUTES);
const FRAMES_A_VARIANT = 240;
const STEP_PX = 24;
const STEP_MS = 16;
const LIMIT_MS = 8;
const WIDTH = 1280;
const HEIGHT = 640;
const INDICATORS = [{ type: 'vwap' }, { type: 'bollinger' }, { type: 'rsi' }] as const;

const traded = (minute: number) => minute % DAY_MINUTES < SESSION_MINUTES;
const quantile = (sorted: readonly number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] as number;
const rounded = (value: number) => Math.round(value * 100) / 100;

/** 26 sessions of minutes with what an honest day has: a healed hour, a hole, incomplete candles. */
function market() {
  const hole = (day: number) => day * DAY_MINUTES + 120;
  const from = DAYS * SESSION_MINUTES - CANDLES;
  return tickscopeFrame({
    from,
    to: DAYS * DAY_MINUTES,
    without: (minute) => !traded(minute) || (minute >= hole(3) && minute < hole(3) + 5),
    source: (minute) => (minute % DAY_MINUTES < 60 ? 'broker' : 'ticks'),
    complete: (minute) => minute % 500 !== 7,
    gaps: Array.from({ length: DAYS }, (_, day) => ({
      from: OPEN + hole(day) * MINUTE,
      to: OPEN + (hole(day) + (day === 3 ? 5 : 0.5)) * MINUTE,
      reason: 'disconnect',
    })),
  });
}

/** What is on the screen before the scrolling begins, in sessions back from the newest. */
const VIEWS = [
  { variant: 'a session on the screen', sessions: 1 },
  { variant: 'a week on the screen', sessions: 5 },
  { variant: 'as many as fit', sessions: DAYS },
] as const;

async function open(browser: Browser): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: WIDTH + 60, height: HEIGHT + 60 } });
  page.on('pageerror', (error) => {
    throw error;
  });
  await page.route('http://panel.test/**', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: '<!doctype html><body style="margin:0"><div id="root">',
    }),
  );
  await page.goto('http://panel.test/');
  await page.addScriptTag({ content: await bundle('test/panel/browser/harness.tsx') });
  return page;
}

/** Shows the candles afresh. @returns how long the first picture took, in milliseconds */
function show(page: Page, sessions: number): Promise<number> {
  const last = (DAYS - 1) * DAY_MINUTES;
  const range = {
    from: OPEN + (last - (sessions - 1) * DAY_MINUTES) * MINUTE,
    to: OPEN + (last + SESSION_MINUTES) * MINUTE,
  };
  const shown: Shown = {
    frames: [market()],
    range,
    width: WIDTH,
    height: HEIGHT,
    options: { volume: 'pane', openInterest: 'pane', indicators: [...INDICATORS] },
  };
  return page.evaluate(async (first) => {
    window.panelPage.unmount();
    await new Promise((done) => setTimeout(done, 300));
    const started = performance.now();
    window.panelPage.show(first);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return performance.now() - started;
  }, shown);
}

/** Drags the chart to older candles, a step a frame; at the right edge the hand goes back. */
async function drag(page: Page): Promise<void> {
  const [left, right, y] = [120, WIDTH - 140, 250];
  let x = right;
  for (let step = 0; step < FRAMES_A_VARIANT; step++) {
    if (x + STEP_PX > right) {
      await page.mouse.up();
      x = left;
      await page.mouse.move(x, y);
      await page.mouse.down();
    }
    x += STEP_PX;
    const next = performance.now() + STEP_MS;
    await page.mouse.move(x, y + (step % 5));
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, next - performance.now())));
  }
  await page.mouse.up();
}

async function traced(browser: Browser, page: Page, work: () => Promise<void>): Promise<FrameCost[]> {
  const mark = (name: string) => page.evaluate((text) => performance.mark(text).startTime, name);
  await browser.startTracing(page, {
    categories: [
      'devtools.timeline',
      'devtools.timeline.frame',
      'disabled-by-default-devtools.timeline',
      'blink.user_timing',
      'v8',
    ],
  });
  await mark('scrolling');
  await work();
  await mark('scrolled');
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString('utf8')) as {
    traceEvents: TraceEvent[];
  };
  const at = (name: string) => {
    const event = traceEvents.find((one) => one.name === name);
    if (!event) throw new Error(`The trace lacks the mark ${name}.`);
    return event.ts;
  };
  return frameCosts(traceEvents, at('scrolling'), at('scrolled'));
}

/** The minute at the left of the screen, read where a person would: the legend. */
async function seen(page: Page): Promise<string> {
  await page.mouse.move(140, 250);
  await page.waitForTimeout(100);
  const text = await page.getByTestId('tickscope legend').textContent();
  return /\d+ \w+ \d{4} \d\d:\d\d/.exec(text ?? '')?.[0] ?? 'nowhere';
}

async function main(): Promise<void> {
  const executablePath = chromiumPath();
  if (executablePath === undefined) throw new Error('Chromium is not on the path (or CHROMIUM_PATH).');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await open(browser);
    for (const { variant, sessions } of VIEWS) {
      const firstPictureMs = await show(page, sessions);
      const before = await seen(page);
      const costs = await traced(browser, page, () => drag(page));
      const after = await seen(page);
      if (before === after) throw new Error(`The chart did not scroll: ${before}.`);
      const busy = costs.map((cost) => cost.scriptAndLayout).sort((a, b) => a - b);
      const wall = costs.map((cost) => cost.wall).sort((a, b) => a - b);
      const paint = costs.map((cost) => cost.paint).sort((a, b) => a - b);
      console.log(
        JSON.stringify({
          bench: 'panel',
          variant,
          value: rounded(quantile(busy, 0.95)),
          unit: 'ms of processor time a frame (p95)',
          expect: `<= ${LIMIT_MS}`,
          p50: rounded(quantile(busy, 0.5)),
          p99: rounded(quantile(busy, 0.99)),
          max: rounded(busy[busy.length - 1] as number),
          wallP95: rounded(quantile(wall, 0.95)),
          paintP95: rounded(quantile(paint, 0.95)),
          frames: busy.length,
          candles: CANDLES,
          firstPictureMs: Math.round(firstPictureMs),
          scrolled: `${before} to ${after}`,
          chromium: browser.version(),
        }),
      );
    }
  } finally {
    await browser.close();
  }
}

await main();
