import { expect, NAME, test } from './tickscope';

test('the candles panel draws what the query gave, and its options change the picture', async ({
  panelEditPage,
  page,
}) => {
  await panelEditPage.datasource.set(NAME);
  await panelEditPage.setVisualization('Tickscope candles');
  // A new panel asks for the Nifty's candles.
  await expect(panelEditPage.refreshPanel()).toBeOK();
  const legend = page.getByTestId('tickscope legend');
  await expect(legend).toContainText('NSE:NIFTY 50');
  await expect(legend).toContainText(/C\s*[\d,]+\.\d\d/);
  await expect(page.getByTestId('tickscope chart').locator('canvas').first()).toBeVisible();
  await page.getByTestId('tickscope chart').focus();
  await page.keyboard.press('Home');
  await expect(legend).toContainText(/\d{4} \d\d:\d\d/);
});

test('the instrument dashboard shows candles and no error', async ({ gotoDashboardPage, page }) => {
  await gotoDashboardPage({ uid: 'tickscope-instrument' });
  await expect(page.getByTestId('tickscope legend').first()).toContainText(/C\s*[\d,]+\.\d\d/);
  await expect(page.getByTestId('tickscope message')).toHaveCount(0);
});
