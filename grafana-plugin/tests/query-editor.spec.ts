import { choice, expect, NAME, test } from './tickscope';

test('a query is chosen in the editor and answers with candles', async ({ panelEditPage, page }) => {
  await panelEditPage.datasource.set(NAME);
  await panelEditPage.setVisualization('Table');
  const row = panelEditPage.getQueryEditorRow('A');
  await expect(row.getByText('Query type', { exact: true })).toBeVisible();
  await row.getByLabel('Instruments', { exact: true }).fill('infy');
  await choice(page, 'NSE:INFY').click();
  await page.keyboard.press('Escape');
  await expect(panelEditPage.refreshPanel()).toBeOK();
  await expect(panelEditPage.panel.fieldNames).toContainText(['Time', 'Open', 'High', 'Low', 'Close']);
});

test('an instrument that does not exist is a sentence on the panel, not a blank one', async ({
  panelEditPage,
  page,
}) => {
  await panelEditPage.datasource.set(NAME);
  await panelEditPage.setVisualization('Table');
  const row = panelEditPage.getQueryEditorRow('A');
  await row.getByLabel('Instruments', { exact: true }).fill('NSE:NOSUCHTHING');
  await choice(page, 'Use NSE:NOSUCHTHING').click();
  await page.keyboard.press('Escape');
  const answer = await panelEditPage.refreshPanel();
  expect(await answer.text()).toContain('NOSUCHTHING');
});
