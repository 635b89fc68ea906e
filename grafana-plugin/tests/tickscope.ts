import { test as base, expect } from '@grafana/plugin-e2e';
import type { Locator, Page } from '@playwright/test';

/** Without a running Grafana there is nothing to try, and that is said. */
export const test = base;
test.skip(
  !process.env['GRAFANA_URL'],
  'GRAFANA_URL is not set: the plugin is NOT tried in a running Grafana.',
);

export const TYPE = 'tickscope-market-datasource';
/** As provisioning/datasources has it. */
export const NAME = 'Tickscope';
export const UID = 'tickscope';

/** A choice of an open list: 13 says so by its role, 9.4 by its label. */
export const choice = (page: Page, text: string): Locator =>
  page.locator('[role="option"], [aria-label="Select option"]').filter({ hasText: text }).first();

export { expect };
