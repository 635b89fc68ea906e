import { defineConfig } from 'vitest/config';

export default defineConfig({
  // As webpack builds it: Grafana 9.4 knows no `react/jsx-runtime`.
  oxc: { jsx: { runtime: 'classic' } },
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    environment: 'jsdom',
    setupFiles: ['test/setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
