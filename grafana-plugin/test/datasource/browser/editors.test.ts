// @vitest-environment node
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { chromiumForTests } from '../../chromium';
import { bundle } from '../../panel/browser/bundle';
import type { EditorName, Recorded } from './harness';

const executablePath = chromiumForTests('the editors are');

/** The icons that Grafana serves, as @grafana/ui brings them along. */
const ICONS = 'node_modules/@grafana/ui/dist/public';
/** The few that only a whole Grafana has (the spinner). */
const BLANK = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"/>';
/** Where pictures of the editors go, when somebody wants to look at them. */
const PICTURES = process.env['EDITOR_SCREENSHOTS'];

describe.skipIf(executablePath === undefined)(
  'the editors with React 19 and the newest @grafana/ui, in Chromium',
  () => {
    let browser: Browser;
    let page: Page;
    const problems: string[] = [];

    beforeAll(async () => {
      const script = await bundle('test/datasource/browser/harness.tsx');
      browser = await chromium.launch({ executablePath: executablePath as string, args: ['--no-sandbox'] });
      page = await browser.newPage({ viewport: { width: 1000, height: 700 } });
      page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
      page.on('pageerror', (error) => problems.push(String(error)));
      // A page with an origin: without one a browser refuses local storage, which @grafana/ui reads.
      const body =
        '<!doctype html><meta charset="utf-8"><script>window.grafanaBootData = { settings: { featureToggles: {} }, user: {} }</script><div id="root"></div>';
      await page.route('http://editors.test/**', (route) => {
        const icon = /\/img\/icons\/.*\.svg$/.exec(new URL(route.request().url()).pathname)?.[0];
        if (icon === undefined) return route.fulfill({ contentType: 'text/html', body });
        const file = path.join(ICONS, icon);
        return route.fulfill(
          existsSync(file) ? { path: file } : { contentType: 'image/svg+xml', body: BLANK },
        );
      });
      await page.goto('http://editors.test/');
      await page.addScriptTag({ content: script });
    }, 180_000);
    afterAll(async () => {
      await browser?.close();
    });
    afterEach(() => {
      expect(problems.splice(0)).toEqual([]);
    });

    const mount = (editor: EditorName, start: unknown, theme: 'dark' | 'light' = 'dark') =>
      page.evaluate(([name, value, mode]) => window.editors.mount(name, value, mode), [
        editor,
        start,
        theme,
      ] as const);
    const recorded = (): Promise<Recorded> => page.evaluate(() => window.editors.recorded);
    const stored = async () => (await recorded()).stored;
    /** Presses Tab until the control labelled so has the focus (the labels' help icons take it too). */
    const tabTo = async (label: string) => {
      for (let step = 0; step < 12; step += 1) {
        await page.keyboard.press('Tab');
        if ((await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))) === label) {
          return;
        }
      }
      throw new Error(`Tab does not reach ${label}`);
    };
    const picture = async (name: string) => {
      if (PICTURES !== undefined) {
        await page.screenshot({ path: `${PICTURES}/${name}.png` });
      }
    };

    test('a query is written with the keyboard alone', async () => {
      await mount('query', { refId: 'A', queryType: 'candles', instruments: [], interval: 'auto' });
      expect((await recorded()).reactVersion).toMatch(/^19\./);
      await page.getByLabel('Query type').focus();
      await tabTo('Instruments');
      await page.keyboard.type('nifty 25000 ce', { delay: 15 });
      await page.getByText('NIFTY · 26 Nov 2026 · CE').waitFor({ timeout: 20_000 });
      await picture('query-search');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      expect(await stored()).toMatchObject({ instruments: ['NFO:NIFTY26NOV25000CE'] });
      const searches = (await recorded()).asked.filter(([path]) => path === 'instruments');
      expect(searches.at(-1)).toEqual(['instruments', { search: 'nifty 25000 ce', limit: 50 }]);
      expect(searches.length).toBeLessThan(6);
      await page.keyboard.press('Escape');
      await tabTo('Heal');
      await page.keyboard.press('Space');
      expect(await stored()).toMatchObject({ heal: false });
      await picture('query-candles');
    });

    test('every query type opens, in both themes, inside of a narrow panel editor', async () => {
      await page.setViewportSize({ width: 640, height: 700 });
      for (const queryType of [
        'candles',
        'oi',
        'depth',
        'ticks',
        'vix',
        'chain',
        'movers',
        'quality',
        'events',
      ]) {
        for (const theme of ['dark', 'light'] as const) {
          await mount('query', { refId: 'A', queryType, instruments: ['NSE:INFY', '$instrument'] }, theme);
          await page.getByLabel('Query type').waitFor();
          const overflow = await page.evaluate(
            () => document.documentElement.scrollWidth - window.innerWidth,
          );
          expect(overflow, `${queryType} is wider than its panel editor`).toBeLessThanOrEqual(0);
          await picture(`narrow-${queryType}-${theme}`);
        }
      }
      await page.setViewportSize({ width: 1000, height: 700 });
    });

    test('a variable that depends on another is written by choosing', async () => {
      await mount('variable', { refId: 'v', kind: 'strike' });
      await page.getByLabel('Underlying').click();
      await page.getByRole('option', { name: /\$underlying/ }).click();
      await page.getByLabel('Expiry').click();
      await page.getByRole('option', { name: '26 Nov 2026' }).click();
      expect(await stored()).toEqual({
        refId: 'v',
        kind: 'strike',
        underlying: '$underlying',
        expiry: '2026-11-26',
      });
      expect((await recorded()).asked).toContainEqual(['variables/expiry', { underlying: 'NIFTY' }]);
      await picture('variable');
    });

    test('an annotation is narrowed to some kinds', async () => {
      await mount('annotation', { refId: 'Anno' });
      await page.getByLabel('Kinds').click();
      await page.getByRole('option', { name: /Holes/ }).click();
      await page.getByRole('option', { name: /VIX spikes/ }).click();
      expect(await stored()).toMatchObject({ queryType: 'events', kinds: ['hole', 'vix_spike'] });
      await picture('annotation');
    });

    test('the settings keep the token out of what is readable', async () => {
      await mount('config', { url: '', jsonData: {}, secureJsonFields: {}, secureJsonData: {} });
      await page.getByLabel('URL').fill('http://ingest:8000');
      await page.getByLabel('Token').fill('secret');
      await page.getByLabel('Time-out (ms)').fill('15000');
      expect(await stored()).toEqual({
        url: 'http://ingest:8000',
        jsonData: { timeoutMs: 15_000 },
        secureJsonFields: {},
        secureJsonData: { token: 'secret' },
      });
      expect(await page.getByLabel('Token').getAttribute('type')).toBe('password');
      await picture('config');
    });
  },
);
