import { expect, TYPE, test, UID } from './tickscope';

test('Save & test says what to do when nothing listens, and is glad when Tickscope does', async ({
  createDataSourceConfigPage,
  page,
  request,
}) => {
  const provisioned = (await (await request.get(`/api/datasources/uid/${UID}`)).json()) as { url: string };
  const config = await createDataSourceConfigPage({ type: TYPE });
  await page.getByRole('textbox', { name: 'URL', exact: true }).fill('http://127.0.0.1:9');
  await expect(config.saveAndTest()).not.toBeOK();
  await expect(config).toHaveAlert('error', { hasText: /Nothing listens/ });
  await page.getByRole('textbox', { name: 'URL', exact: true }).fill(provisioned.url);
  await expect(config.saveAndTest()).toBeOK();
  await expect(config).toHaveAlert('success', { hasText: /Tickscope/ });
});

test('the token is written and never shown again', async ({ createDataSourceConfigPage, page }) => {
  await createDataSourceConfigPage({ type: TYPE });
  await expect(page.getByLabel('Token', { exact: true })).toHaveAttribute('type', 'password');
});
