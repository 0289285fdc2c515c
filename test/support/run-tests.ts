import { startVitest, type TestModule } from 'vitest/node';
import { ensureChromium } from './chromium.ts';
import { ensureRedis } from './redis-server.ts';

interface Total {
  passed: number;
  failed: number;
}

/**
 * Every test: unit, integration, e2e. Arguments are vitest's file filters. Fetches a browser and
 * Redis when there are none. The last line is `N passed, N failed`; a file that does not load, an error outside
 * of a test and a skipped test count as failed, and so does a run without any test.
 */
async function runTests(filters: string[]): Promise<Total> {
  ensureChromium();
  ensureRedis();
  const vitest = await startVitest(filters, { run: true, watch: false, reporters: ['default'] });
  const total = { passed: 0, failed: vitest.state.getUnhandledErrors().length };
  for (const module of vitest.state.getTestModules()) {
    total.failed += countModuleErrors(module);
    for (const test of module.children.allTests()) {
      if (test.result().state === 'passed') total.passed += 1;
      else total.failed += 1;
      if (test.diagnostic()?.flaky === true) console.log(`passed at the second try only: ${test.fullName}`);
    }
  }
  await vitest.close();
  return total.passed + total.failed === 0 ? { passed: 0, failed: 1 } : total;
}

/** A hook or an import that failed is a failure even when no test of the file could run. */
function countModuleErrors(module: TestModule): number {
  let count = module.errors().length;
  for (const suite of module.children.allSuites()) count += suite.errors().length;
  return count;
}

const { passed, failed } = await runTests(process.argv.slice(2)).catch((error: unknown): Total => {
  console.error(error);
  return { passed: 0, failed: 1 };
});
console.log(`${passed} passed, ${failed} failed`);
// A process that a test left behind may not hold the run open.
process.exit(failed === 0 ? 0 : 1);
