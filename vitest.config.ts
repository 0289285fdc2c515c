import { availableParallelism } from 'node:os';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// Seconds are generous on purpose: two cores run several ClickHouse servers and browsers at once.
// A test that waits for something waits for the thing itself, not for these limits.
const unitTimeoutMs = 30_000;
const integrationTimeoutMs = 120_000;
const e2eTimeoutMs = 120_000;
/** What `expect.poll` waits for comes when the machine has time for it. */
const patience = { poll: { timeout: 30_000 } };

/** Integration and browser tests wait for other processes most of the time. */
const workersOfWaitingTests = Math.max(3, availableParallelism() - 1);

/** Every test sees the same clock face, whatever machine it runs on. */
process.env['TZ'] = 'UTC';

const shared = {
  environment: 'node',
  restoreMocks: true,
  allowOnly: false,
  setupFiles: ['test/support/property-seed.ts'],
};

/** A busy machine once in thousands of tests loses a keystroke or answers too late; a fault shows twice. */
const secondTry = 1;

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [svelte({ configFile: false })],
        test: {
          ...shared,
          name: 'unit',
          isolate: false, // pure functions leave nothing behind; a fresh process per file takes twice the time
          include: ['test/unit/**/*.test.ts'],
          testTimeout: unitTimeoutMs,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'test/fuzz/**/*.test.ts'],
          globalSetup: ['test/support/database-setup.ts', 'test/support/ui-build-setup.ts'],
          maxWorkers: workersOfWaitingTests,
          testTimeout: integrationTimeoutMs,
          hookTimeout: integrationTimeoutMs,
          expect: patience,
          retry: secondTry,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...shared,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/support/ui-build-setup.ts'],
          maxWorkers: workersOfWaitingTests,
          testTimeout: e2eTimeoutMs,
          hookTimeout: e2eTimeoutMs,
          expect: patience,
          retry: secondTry,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
