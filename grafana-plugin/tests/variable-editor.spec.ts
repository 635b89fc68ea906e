import { choice, expect, NAME, test } from './tickscope';

test('a variable lists what the market has', async ({ variableEditPage, page }) => {
  // A new variable is a query already, in 9.4 as in 13.
  await variableEditPage.datasource.set(NAME);
  await page.getByLabel('List', { exact: true }).click();
  await choice(page, 'Underlying').click();
  await variableEditPage.runQuery();
  await expect(variableEditPage).toDisplayPreviews(['NIFTY']);
});
