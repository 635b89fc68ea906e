import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'ingest/test/**/*.test.ts',
      'bench/test/**/*.test.ts',
      'dashboards/test/**/*.test.ts',
      'provisioning/test/**/*.test.ts',
    ],
    globalSetup: ['ingest/test/databases.ts'],
    setupFiles: ['ingest/test/properties.ts'],
    // What hangs is found all the same; what a machine with other work takes is nobody's fault.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 20_000 } },
    // Many wait for a minute to end or a process to start: more workers than the two cores of the smallest machine.
    maxWorkers: 3,
  },
});
