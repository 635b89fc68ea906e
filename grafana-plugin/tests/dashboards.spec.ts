import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './tickscope';

interface Board {
  uid: string;
  panels: { title?: string; type: string }[];
}

const FOLDER = join(__dirname, '../../dashboards/json');
const boards = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Board);

/** Tables that a healthy market leaves empty. Grafana 9.4 writes "No data" there, whatever the panel says. */
const EMPTY_IS_GOOD =
  /^(Holes|Holes of |The repair ledger|Day by day|Completeness and accuracy|Changes and spikes)/;

/** All panels are on the screen at once: Grafana asks only for those that one can see. */
const WHOLE_PAGE = { width: 1440, height: 4_000 };

for (const { uid, panels } of boards) {
  test(`${uid} opens with every panel answered and none in error`, async ({ page }) => {
    const failed: string[] = [];
    let answered = 0;
    page.on('response', async (response) => {
      if (!response.url().includes('/api/ds/query')) return;
      const body = (await response.json().catch(() => ({}))) as {
        results?: Record<string, { error?: string }>;
      };
      for (const [letter, { error }] of Object.entries(body.results ?? {})) {
        if (error) failed.push(`${letter}: ${error}`);
        else answered++;
      }
    });
    test.setTimeout(120_000);
    await page.setViewportSize(WHOLE_PAGE);
    await page.goto(`/d/${uid}`);
    for (const { title } of panels.filter(
      (panel) => panel.type !== 'row' && panel.title && !panel.title.includes('$'),
    )) {
      const titles = page.getByText(title as string, { exact: true });
      await expect(titles.filter({ visible: true }).first()).toBeVisible();
    }
    const asking = panels.filter(({ type }) => type !== 'row' && type !== 'text').length;
    await expect.poll(() => answered, { timeout: 45_000 }).toBeGreaterThanOrEqual(asking);
    expect(failed).toEqual([]);
    await expect(
      page.locator('.panel-info-corner--error, [data-testid="data-testid Panel status error"]'),
    ).toHaveCount(0);
    await expect(page.getByText('Panel plugin not found')).toHaveCount(0);
    const silent = page
      .locator('section.panel-container, section[data-testid^="data-testid Panel header"]')
      .filter({ hasText: /No data/ });
    const titles = (await silent.allInnerTexts()).map((text) => text.trim().split('\n')[0] ?? '');
    expect(titles.filter((title) => !EMPTY_IS_GOOD.test(title))).toEqual([]);
  });
}
