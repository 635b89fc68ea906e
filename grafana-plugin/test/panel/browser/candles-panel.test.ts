// @vitest-environment node
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { chromiumForTests } from '../../chromium';
import { bundle } from './bundle';
import type { Recorded, Shown } from './harness';
import { MINUTE, OPEN, range, tickscopeFrame } from './market';

const executablePath = chromiumForTests('the candles panel is');
/** Where pictures of the panel go, when somebody wants to look at them. */
const PICTURES = process.env['PANEL_SCREENSHOTS'];

/** The panel begins at (20, 20); the price axis is about 70 pixels wide. */
const LEFT = 20;
const WIDTH = 1000;
const HEIGHT = 420;

/** 120 minutes with each thing that must be told: a hole without candles, one within a candle, healed ones. */
const HOLED = tickscopeFrame({
  from: 0,
  to: 120,
  without: (minute) => minute >= 60 && minute < 75,
  source: (minute) => (minute < 20 ? 'broker' : minute === 20 ? 'mixed' : 'ticks'),
  complete: (minute) => minute !== 90,
  gaps: [
    { from: OPEN + 60 * MINUTE, to: OPEN + 75 * MINUTE, reason: 'disconnect' },
    { from: OPEN + 90 * MINUTE + 10_000, to: OPEN + 90 * MINUTE + 25_000, reason: 'stall' },
  ],
});

describe.skipIf(executablePath === undefined)(
  'the candles panel with React 19 and the newest @grafana/ui, in Chromium',
  () => {
    let browser: Browser;
    let page: Page;
    const problems: string[] = [];

    beforeAll(async () => {
      const script = await bundle('test/panel/browser/harness.tsx');
      browser = await chromium.launch({ executablePath: executablePath as string, args: ['--no-sandbox'] });
      page = await browser.newPage({ viewport: { width: 1060, height: 480 } });
      page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
      page.on('pageerror', (error) => problems.push(String(error.stack ?? error)));
      await page.route('http://panel.test/**', (route) =>
        route.fulfill({
          contentType: 'text/html',
          body: '<!doctype html><body style="margin:0"><div id="root"></div>',
        }),
      );
      await page.goto('http://panel.test/');
      await page.addScriptTag({ content: script });
    }, 180_000);
    afterAll(async () => {
      await browser?.close();
    });
    beforeEach(async () => {
      await page.mouse.move(2, 2);
      await page.evaluate(() => {
        window.panelPage.unmount();
        for (const list of Object.values(window.panelPage.recorded)) list.length = 0;
        delete window.panelPage.older;
      });
    });
    afterEach(() => {
      expect(problems.splice(0)).toEqual([]);
    });

    const show = async (shown: Partial<Shown>) => {
      const full = { frames: [HOLED], range: range(0, 120), width: WIDTH, height: HEIGHT, ...shown };
      await page.evaluate((value) => window.panelPage.show(value), full);
      // The chart paints in the next frame, and once more when its axis has got its width.
      await page.evaluate(
        () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
      );
    };
    const recorded = (): Promise<Recorded> => page.evaluate(() => window.panelPage.recorded);
    // biome-ignore lint/performance/useDomNodeTextContent: the blanks between the values are of the layout
    const legend = () => page.getByTestId('tickscope legend').innerText();
    const tooltip = () => page.getByTestId('tickscope tooltip');
    const picture = async (name: string) => {
      if (PICTURES) await page.screenshot({ path: `${PICTURES}/${name}.png` });
    };
    /** Puts the cursor on a minute, found by what the legend says. @returns its x */
    const pointAt = async (minute: number, y = 150) => {
      let [low, high] = [LEFT + 2, LEFT + WIDTH - 75];
      while (low < high) {
        const x = (low + high) >> 1;
        await page.mouse.move(x, y);
        // Right of the newest candle the legend repeats it without a time.
        const clock = /2026 (\d\d):(\d\d)/.exec(await legend());
        const seen = clock ? (Number(clock[1]) - 9) * 60 + Number(clock[2]) - 15 : Number.POSITIVE_INFINITY;
        if (seen === minute) return x;
        if (seen < minute) low = x + 1;
        else high = x;
      }
      throw new Error(`minute ${minute} is not on the screen: ${await legend()}`);
    };
    /** The first pixel of a minute, so that distances are exact to a pixel however wide a candle is. */
    const edgeOf = async (minute: number) => {
      let x = await pointAt(minute);
      for (;;) {
        await page.mouse.move(x - 1, 150);
        const clock = /2026 (\d\d):(\d\d)/.exec(await legend());
        if (clock === null || (Number(clock[1]) - 9) * 60 + Number(clock[2]) - 15 !== minute) return x;
        x -= 1;
      }
    };
    /** Pixels of a hue in a stripe of all canvases, panel coordinates. */
    const pixels = (from: number, to: number, rgb: readonly [number, number, number], near = 40) =>
      page.evaluate(
        ([left, right, [r, g, b], distance]) => {
          let found = 0;
          for (const canvas of document.querySelectorAll('canvas')) {
            const box = canvas.getBoundingClientRect();
            const scale = canvas.width / box.width;
            const width = Math.floor((right - left) * scale);
            const x = Math.floor((left - box.left) * scale);
            if (!(canvas.width > 0) || width < 1 || x + width < 0 || x > canvas.width) continue;
            const data =
              canvas.getContext('2d')?.getImageData(Math.max(0, x), 0, width, canvas.height).data ?? [];
            for (let i = 0; i < data.length; i += 4) {
              const [dr, dg, db] = [(data[i] ?? 0) - r, (data[i + 1] ?? 0) - g, (data[i + 2] ?? 0) - b];
              if ((data[i + 3] ?? 0) > 20 && Math.abs(dr) + Math.abs(dg) + Math.abs(db) < distance) found++;
            }
          }
          return found;
        },
        [from, to, rgb, near] as const,
      );
    const HOLE = [255, 152, 48] as const;

    test('the legend has open, high, low, close, change, volume and OI, of the newest candle and of the one under the cursor', async () => {
      await show({});
      expect(await legend()).toMatch(/NSE:INFY 1m\s+SIMULATED\s+O\s+1,\d{3}\.\d\d/);
      await pointAt(40);
      const fields = HOLED.fields as { name: string; values: number[] }[];
      const value = (name: string, row: number) =>
        fields.find((field) => field.name === name)?.values[row] as number;
      const two = (number: number) =>
        number.toLocaleString('en-IN', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
      const text = (await legend()).replace(/\s+/g, ' ');
      for (const [letter, name] of [
        ['O', 'open'],
        ['H', 'high'],
        ['L', 'low'],
        ['C', 'close'],
      ] as const) {
        expect(text).toContain(`${letter} ${two(value(name, 40))}`);
      }
      const change = value('close', 40) - value('close', 39);
      expect(text).toContain(`${change > 0 ? '+' : '−'}${two(Math.abs(change))}`);
      expect(text).toContain('Vol 10.5 K');
      expect(text).toContain('OI 1.00 Mil');
      expect(text).toContain('Fri 20 Nov 2026 09:55');
    });

    test('a hole without candles is hatched, and says how long and why', async () => {
      await show({});
      const [before, inside] = [await pointAt(50), await pointAt(67)];
      await expect
        .poll(() => tooltip().textContent())
        .toMatch(/Hole 10:15:00 – 10:30:00 \(15 min\): the connection to the feed was lost/);
      expect(await legend()).toContain('not heard');
      await picture('hole');
      await page.mouse.move(2, 2);
      const hatched = await pixels(inside - 25, inside + 25, HOLE);
      const plain = await pixels(before - 25, before + 25, HOLE);
      expect(hatched).toBeGreaterThan(800);
      expect(plain).toBeLessThan(20);
    });

    test('a hole within a candle is a band on it, and the candle says that it is incomplete', async () => {
      await show({});
      await pointAt(90);
      await expect
        .poll(() => tooltip().textContent())
        .toMatch(/Incomplete: it overlaps a hole\.Hole 10:45:10 – 10:45:25 \(15 s\): the feed went silent/);
    });

    test('healed candles have other colours than heard ones and say so; a plain candle says nothing', async () => {
      await show({});
      const [healed, heard] = [await pointAt(10), await pointAt(40)];
      await page.mouse.move(heard, 150);
      await expect.poll(() => tooltip().count()).toBe(0);
      await page.mouse.move(healed, 150);
      await expect.poll(() => tooltip().textContent()).toMatch(/broker’s history/);
      await page.mouse.move(await pointAt(20), 150);
      await expect.poll(() => tooltip().textContent()).toMatch(/Healed in part/);
      await page.mouse.move(2, 2);
      const teal = [38, 166, 154] as const;
      expect(await pixels(healed - 30, healed + 30, teal, 12)).toBe(0);
      expect(await pixels(heard - 30, heard + 30, teal, 12)).toBeGreaterThan(20);
    });

    test('the candle in progress says so and is outlined', async () => {
      const start = Math.floor(Date.now() / MINUTE) * MINUTE;
      const frame = tickscopeFrame({ from: 0, to: 60, complete: (minute) => minute < 59 });
      const fields = frame.fields as { name: string; values: unknown[] }[];
      (fields[0] as { values: number[] }).values = Array.from(
        { length: 60 },
        (_, i) => start - (59 - i) * MINUTE,
      );
      await show({ frames: [frame], range: { from: start - 60 * MINUTE, to: start + MINUTE } });
      expect(await pixels(LEFT, LEFT + WIDTH, [110, 159, 255], 12)).toBeGreaterThan(20);
      await page.getByTestId('tickscope chart').focus();
      await page.keyboard.press('End');
      await expect.poll(() => tooltip().textContent()).toMatch(/In progress: this candle still changes/);
    });

    test('annotations are marked and say their text on hover', async () => {
      const annotation = {
        fields: [
          { name: 'time', type: 'time', values: [OPEN + 30 * MINUTE] },
          { name: 'timeEnd', type: 'time', values: [OPEN + 35 * MINUTE] },
          { name: 'title', values: ['Regime HIGH'] },
          { name: 'text', values: ['<b>VIX</b> over 25'] },
          { name: 'tags', values: [['vix']] },
          { name: 'color', values: ['#ff00aa'] },
        ],
      };
      await show({ annotations: [annotation] });
      await pointAt(32);
      await expect.poll(() => tooltip().textContent()).toMatch(/Regime HIGH VIX over 25vix/);
      expect(await pixels(LEFT, LEFT + WIDTH, [255, 0, 170], 30)).toBeGreaterThan(20);
      await show({ annotations: [annotation], options: { markers: false } });
      expect(await pixels(LEFT, LEFT + WIDTH, [255, 0, 170], 30)).toBe(0);
    });

    test('the crosshair is shared: other panels hear it, and it follows theirs', async () => {
      await show({});
      await pointAt(40);
      await page.mouse.move(2, 2);
      const { hovers } = await recorded();
      expect(hovers).toContain(OPEN + 40 * MINUTE);
      expect(hovers[hovers.length - 1]).toBeNull();
      const heard = hovers.length;
      await page.evaluate((time) => window.panelPage.hover(time), OPEN + 33 * MINUTE + 20_000);
      await expect.poll(legend).toContain('09:48');
      await page.evaluate(() => window.panelPage.hover(null));
      await expect.poll(legend).not.toContain('09:48');
      expect((await recorded()).hovers).toHaveLength(heard);
    });

    test('Shift and drag zooms the dashboard into the span', async () => {
      await show({});
      const [from, to] = [await pointAt(30), await pointAt(50)];
      await page.keyboard.down('Shift');
      await page.mouse.move(from, 150);
      await page.mouse.down();
      await page.mouse.move(to, 160, { steps: 5 });
      await page.mouse.up();
      await page.keyboard.up('Shift');
      expect((await recorded()).ranges).toEqual([range(30, 51)]);
    });

    test('the keyboard moves the crosshair, goes to the ends and zooms', async () => {
      await show({ range: range(0, 120) });
      await page.getByTestId('tickscope chart').focus();
      await page.keyboard.press('End');
      await expect.poll(legend).toContain('11:14');
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press('Shift+ArrowLeft');
      await expect.poll(legend).toContain('11:03');
      await page.keyboard.press('Home');
      await expect.poll(legend).toContain('09:15');
      const spacing = async () => (await edgeOf(12)) - (await edgeOf(4));
      const wide = await spacing();
      await page.keyboard.press('Home');
      // Three within one frame, as a held key on a busy machine: each counts.
      await page.getByTestId('tickscope chart').evaluate((chart) => {
        for (let i = 0; i < 3; i++)
          chart.dispatchEvent(new KeyboardEvent('keydown', { key: '+', bubbles: true }));
      });
      expect(await spacing()).toBeGreaterThan(wide * 1.5);
      await page.keyboard.press('Escape');
    });

    test('the wheel belongs to the page until the chart is entered', async () => {
      await show({ options: { loadOlder: false } });
      const spacing = async () => (await edgeOf(75)) - (await edgeOf(45));
      const before = await spacing();
      await page.mouse.wheel(0, -400);
      expect(Math.abs((await spacing()) - before)).toBeLessThanOrEqual(2);
      await page.mouse.click(500, 200);
      await page.mouse.wheel(0, -400);
      await expect.poll(spacing).toBeGreaterThan(before + 3);
    });

    test('a panel that is made wider and refreshed asks for nothing older', async () => {
      const [at, raw] = [range(500, 700), { from: 'now-200m', to: 'now' }];
      await page.evaluate(() => {
        window.panelPage.older = () => [];
      });
      await show({ frames: [tickscopeFrame({ from: 500, to: 700 })], range: at, raw, width: 500 });
      await show({ frames: [tickscopeFrame({ from: 500, to: 701 })], range: at, raw, width: 1000 });
      await show({
        frames: [tickscopeFrame({ from: 501, to: 702 })],
        range: range(501, 701),
        raw,
        width: 1000,
      });
      await pointAt(620);
      expect((await recorded()).asked).toEqual([]);
    });

    test('scrolling back beyond the left edge asks for older history and keeps the view', async () => {
      await show({
        frames: [tickscopeFrame({ from: 500, to: 700 })],
        range: range(500, 700),
        raw: { from: 'now-200m', to: 'now' },
      });
      const release = await page.evaluateHandle(
        (frame) => {
          let answer: (frames: Shown['frames']) => void = () => undefined;
          window.panelPage.older = () =>
            new Promise((resolve) => {
              answer = resolve;
            });
          return () => answer([frame]);
        },
        tickscopeFrame({ from: 300, to: 500 }),
      );
      // Opening a panel asks for nothing; going further back does.
      expect((await recorded()).asked).toEqual([]);
      await pointAt(620);
      await page.mouse.move(400, 200);
      await page.mouse.down();
      await page.mouse.move(480, 200, { steps: 8 });
      await page.mouse.up();
      await expect.poll(async () => (await recorded()).asked).toEqual([range(300, 500)]);
      const before = await pointAt(620);
      await release.evaluate((answer) => answer());
      await expect.poll(() => pointAt(498)).toBeLessThan(before);
      expect(Math.abs((await pointAt(620)) - before)).toBeLessThanOrEqual(5);
    });

    test('a live candle changes in place, and the view stays', async () => {
      const frame = tickscopeFrame({ from: 0, to: 60 });
      const raw = { from: 'now-1h', to: 'now' };
      await show({ frames: [frame], range: range(0, 60), raw });
      const before = await pointAt(30);
      await page.mouse.move(2, 2);
      const streamed = structuredClone(frame);
      for (const { name, values } of streamed.fields as { name: string; values: unknown[] }[]) {
        const last = values[values.length - 1];
        values.push(name === 'close' || name === 'high' ? 1777 : last);
      }
      await show({ frames: [streamed], range: range(0, 60), raw });
      await expect.poll(legend).toContain('1,777.00');
      expect(await pointAt(30)).toBe(before);
    });

    test('instruments are compared in per cent', async () => {
      const other = { ...tickscopeFrame({ from: 0, to: 120, name: 'NSE:TCS', scale: 2 }), refId: 'B' };
      await show({ frames: [HOLED, other] });
      await pointAt(100);
      await expect
        .poll(async () => (await legend()).replace(/\s+/g, ' '))
        .toMatch(/NSE:TCS 1m [+−]?\d\.\d\d%/);
      await picture('compared');
    });

    test.each(['candles', 'hollow', 'bars', 'line', 'heikin-ashi'] as const)(
      'draws %s with every indicator and pane',
      async (chartType) => {
        const indicators = (['vwap', 'sma', 'ema', 'bollinger', 'rsi', 'macd', 'supertrend'] as const).map(
          (type) => ({ type }),
        );
        const series = [{ field: 'open_interest', placement: 'pane' as const, style: 'area' as const }];
        await show({
          options: { chartType, scale: 'log', indicators, openInterest: 'pane', volume: 'pane', series },
        });
        await pointAt(115);
        const text = await legend();
        for (const name of [
          'VWAP',
          'SMA 20',
          'EMA 20',
          'BB 20, 2',
          'RSI 14',
          'MACD 12, 26, 9',
          'Supertrend 10, 3',
        ])
          expect(text).toContain(name);
        expect(text).not.toContain('–');
        await picture(`all-${chartType}`);
      },
    );

    test('nothing to draw is never a blank panel', async () => {
      const message = () => page.getByTestId('tickscope message').textContent();
      await show({ frames: [] });
      expect(await message()).toMatch(/Add a query/);
      await show({
        frames: [
          {
            fields: [
              { name: 'time', type: 'time', values: [OPEN] },
              { name: 'price', type: 'number', values: [1] },
            ],
          },
        ],
      });
      expect(await message()).toMatch(/No open, high, low, close[\s\S]*The query gave: time, price/);
      await show({ frames: [tickscopeFrame({ from: 0, to: 0 })] });
      expect(await message()).toMatch(/No candles in this time range/);
      await show({ frames: [], state: 'Error' as never, error: 'token refused: set it in the data source' });
      expect(await message()).toMatch(/The query failed\s*token refused: set it in the data source/);
      await show({ frames: [], state: 'Loading' as never });
      expect(await message()).toMatch(/Loading/);
    });

    test('a light theme, a small panel and another time zone', async () => {
      await show({ theme: 'light', width: 360, height: 150, timeZone: 'utc' });
      expect(await legend()).toMatch(/C\s+1,\d{3}/);
      expect(await legend()).not.toMatch(/Vol/);
      await picture('small-light');
      await show({ theme: 'light', timeZone: 'utc' });
      await page.mouse.move(500, 150);
      await expect.poll(legend).toMatch(/2026 0[345]:\d\d/);
    });
  },
);
