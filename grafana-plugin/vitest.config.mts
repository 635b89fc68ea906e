import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Node cannot load the ES modules of @grafana/* (they take named imports from CommonJS): tests take the other build. */
const commonJs = (name: string) =>
  fileURLToPath(new URL(`node_modules/@grafana/${name}/dist/cjs/index.cjs`, import.meta.url));

export default defineConfig({
  // As webpack builds it: Grafana 9.4 knows no `react/jsx-runtime`.
  oxc: { jsx: { runtime: 'classic' } },
  resolve: {
    alias: {
      '@grafana/data': commonJs('data'),
      '@grafana/ui': commonJs('ui'),
      '@grafana/runtime': commonJs('runtime'),
    },
  },
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    environment: 'jsdom',
    setupFiles: ['test/setup.ts'],
    // What hangs is found all the same; what a machine with other work takes is nobody's fault.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 20_000 } },
    maxWorkers: 2,
  },
});
