import { choice, expect, NAME, test } from './tickscope';

test('a variable lists what the market has', async ({ variableEditPage, page }) => {
  await variableEditPage.setVariableType('Query');
  await variableEditPage.datasource.set(NAME);
  await page.getByLabel('List', { exact: true }).click();
  await choice(page, 'Underlying').click();
  await variableEditPage.runQuery();
  await expect(variableEditPage).toDisplayPreviews(['NIFTY']);
});
