import { startVitest, type TestModule, type Vitest } from 'vitest/node';
import { ensureChromium } from './chromium.ts';

/**
 * Every test: unit, integration, e2e. Arguments are vitest's file filters. Fetches a browser when
 * there is none. The last line is `N passed, N failed`; a file that does not load, an error outside
 * of a test and a skipped test count as failed, and so does a run without any test.
 */
async function runTests(filters: string[]): Promise<void> {
  ensureChromium();
  const vitest = await startVitest(filters, {
    run: true,
    watch: false,
    reporters: ['default'],
    passWithNoTests: false,
  });
  const { passed, failed } = countTests(vitest);
  await vitest.close();
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
  console.log(`${passed} passed, ${failed} failed`);
}

function countTests(vitest: Vitest): { passed: number; failed: number } {
  let passed = 0;
  let failed = vitest.state.getUnhandledErrors().length;
  for (const module of vitest.state.getTestModules()) {
    failed += countModuleErrors(module);
    for (const test of module.children.allTests()) {
      if (test.result().state === 'passed') passed += 1;
      else failed += 1;
    }
  }
  return { passed, failed };
}

/** A hook or an import that failed is a failure even when no test of the file could run. */
function countModuleErrors(module: TestModule): number {
  let count = module.errors().length;
  for (const suite of module.children.allSuites()) count += suite.errors().length;
  return count;
}

await runTests(process.argv.slice(2));
