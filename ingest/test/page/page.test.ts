import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { createHarness, type Harness, openMarket } from '../api/harness.js';
import { INFY, NOW, storeBook, trade } from '../api/market.js';
import { onPlainPostgres } from '../fixtures/databases.js';

const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const present = existsSync(CHROMIUM);
if (!present && process.env['CI']) throw new Error(`Chromium is missing at ${CHROMIUM}; set CHROMIUM_PATH.`);
if (!present) console.warn(`Chromium is missing at ${CHROMIUM} (CHROMIUM_PATH): the page is NOT tested.`);

/** Where pictures of the page go, when somebody wants to look at them. */
const PICTURES = process.env['PAGE_SCREENSHOTS'];

describe.skipIf(!present)('the live page in Chromium', () => {
  const server = onPlainPostgres();
  let db: Database;
  let harness: Harness;
  let browser: Browser;
  let address: string;
  const problems: string[] = [];

  beforeAll(async () => {
    db = await openMarket(server);
    harness = await createHarness(db);
    address = await harness.api.start();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    await harness?.stop();
    await db?.close();
  });

  const visit = async (hash: string, options: Parameters<Browser['newPage']>[0] = {}): Promise<Page> => {
    const page = await browser.newPage({ viewport: { width: 1360, height: 820 }, ...options });
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.goto(`${address}/${hash}`);
    return page;
  };
  const picture = async (page: Page, name: string) => {
    if (PICTURES) await page.screenshot({ path: `${PICTURES}/${name}.png` });
  };
  const sees = (page: Page, selector: string, text: string | RegExp) =>
    expect.poll(() => page.locator(selector).textContent(), { timeout: 20_000 }).toMatch(text);

  it('shows quote, depth, hole, healing and that it is simulated', async () => {
    const page = await visit('#NSE%3AINFY/1m');
    await sees(page, '#last', /1,[45]\d\d\.\d\d/);
    await sees(page, '#simulated', 'SIMULATED simulator:1');
    await sees(page, '#depth', '1,499.95');
    await sees(page, '#holes', /14:20–14:25feed went silent/);
    await sees(page, '#feed', 'live · 4 instruments');
    await picture(page, 'laptop-light');
    await page.close();
  });

  it('follows trades and the book each second', async () => {
    const page = await visit('#NSE%3AINFY/1m');
    await sees(page, '#last', /1,/);
    await trade(db, INFY, NOW + 1_000, 1_507.25, 900_000);
    await storeBook(db, INFY, NOW + 1_000, 2, 150_725);
    harness.setNow(NOW + 2_000);
    await sees(page, '#last', '1,507.25');
    await sees(page, '#depth', '1,507.20');
    await page.close();
  });

  it('finds an instrument by keyboard and changes the interval', async () => {
    const page = await visit('#NSE%3AINFY/1m');
    await sees(page, '#symbol', 'INFY');
    await page.keyboard.press('/');
    await page.keyboard.type('nov', { delay: 20 });
    await sees(page, '#matches', 'NIFTY25NOVFUT');
    await picture(page, 'search');
    await page.keyboard.press('Enter');
    await sees(page, '#symbol', 'NIFTY25NOVFUT');
    await page.getByRole('button', { name: '15m' }).click();
    await expect.poll(() => page.url()).toContain('NFO%3ANIFTY25NOVFUT/15m');
    await page.waitForTimeout(800);
    await picture(page, 'future-15m');
    await page.close();
  });

  it('says in the hover text what is under the pointer', async () => {
    const page = await visit('#NSE%3AINFY/1m');
    await sees(page, '#last', /1,/);
    await page.waitForTimeout(500);
    const box = (await page.locator('#chart').boundingBox())!;
    const seen = new Set<string>();
    for (let x = box.x + box.width - 130; x > box.x + 300; x -= 4) {
      await page.mouse.move(x, box.y + 120);
      const tip = (await page.locator('#tip').textContent()) ?? '';
      if (/Hole 14:20–14:25: feed went silent/.test(tip)) {
        if (!seen.has('hole')) await picture(page, 'hover-hole');
        seen.add('hole');
      }
      if (/Made of ticks heard live\. Complete\./.test(tip)) seen.add('complete');
    }
    expect([...seen].sort()).toEqual(['complete', 'hole']);
    await page.close();
  });

  it('loads older history when scrolled back', async () => {
    const page = await visit('#NSE%3AINFY/1m');
    await sees(page, '#last', /1,/);
    const asked: string[] = [];
    page.on('request', (request) => request.url().includes('/api/candles') && asked.push(request.url()));
    const box = (await page.locator('#chart').boundingBox())!;
    await page.mouse.move(box.x + 500, box.y + 150);
    for (let i = 0; i < 30 && !asked.some((url) => url.includes('&to=')); i++) {
      await page.mouse.wheel(-600, 0);
      await page.waitForTimeout(60);
    }
    expect(asked.some((url) => url.includes('&to='))).toBe(true);
    await picture(page, 'scrolled-back');
    await page.close();
  });

  it('fits a phone, follows a dark system and shows seeding, warnings and a lost feed', async () => {
    harness.services.seeding = () => ({ done: 37, total: 120, label: '400 days of NSE:RELIANCE' });
    harness.services.warnings = () => ['The calendar ends in 9 days: run tickscope doctor.'];
    const page = await visit('#NSE%3AINFY/1m', {
      viewport: { width: 390, height: 844 },
      colorScheme: 'dark',
    });
    await sees(page, '#seeding', '400 days of NSE:RELIANCE (37 of 120)');
    await sees(page, '#warnings', 'calendar ends');
    const width = await page.evaluate('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(390);
    await picture(page, 'phone-dark');
    await page.setViewportSize({ width: 1360, height: 820 });
    await page.waitForTimeout(1_200);
    await picture(page, 'laptop-dark');
    await page.close();
    harness.services.seeding = () => null;
    harness.services.warnings = () => [];
  });

  it('breaks no rule of its own content security policy and logs no error', () => {
    expect(problems).toEqual([]);
  });

  it('says in a sentence what went wrong, and takes it away when it works again', async () => {
    const page = await visit('#NSE%3ANOPE/1m');
    await sees(page, '#problem', /There is no instrument "NSE:NOPE"/);
    await picture(page, 'unknown');
    await page.evaluate(`location.hash = '#NSE%3AINFY/1m'`);
    await sees(page, '#symbol', 'INFY');
    await expect.poll(() => page.locator('#problem').isVisible(), { timeout: 20_000 }).toBe(false);
    harness.breakCandles(new Error('broken on purpose'));
    await sees(page, '#problem', /Something went wrong here; the log has it/);
    harness.breakCandles(undefined);
    await expect.poll(() => page.locator('#problem').isVisible(), { timeout: 20_000 }).toBe(false);
    await page.close();
  });
});
