import type { PluginOptions } from '@grafana/plugin-e2e';
import { defineConfig, devices } from '@playwright/test';
import { chromiumPath } from './test/chromium';

const executablePath = chromiumPath();

/** The plugin in a running Grafana: `GRAFANA_URL=http://127.0.0.1:3000 npm run e2e`. It must let in anonymous admins. */
export default defineConfig<PluginOptions>({
  testDir: './tests',
  outputDir: './test-results',
  fullyParallel: false,
  workers: 1,
  // Grafana's own pages take most of it on a busy machine.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  retries: process.env['CI'] ? 1 : 0,
  reporter: [['list']],
  use: {
    baseURL: process.env['GRAFANA_URL'] ?? 'http://127.0.0.1:3000',
    viewport: { width: 1400, height: 900 },
    trace: 'off',
    launchOptions: { args: ['--no-sandbox'], ...(executablePath ? { executablePath } : {}) },
  },
  projects: [
    { name: 'chromium', use: { ...devices['Desktop Chrome'], viewport: { width: 1400, height: 900 } } },
  ],
});
