import { choice, expect, NAME, test } from './tickscope';

test('annotations are narrowed to kinds and the query runs', async ({ annotationEditPage, page }) => {
  await annotationEditPage.datasource.set(NAME);
  await page.getByLabel('Kinds', { exact: true }).click();
  await choice(page, 'Sessions').click();
  await page.keyboard.press('Escape');
  await expect(annotationEditPage.runQuery()).toBeOK();
});
