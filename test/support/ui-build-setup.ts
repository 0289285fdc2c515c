import { buildUiWhenStale } from '../../server/standalone/ui-build.ts';
import { repositoryDir } from './program.ts';

/**
 * Built once before the tests: systems that start side by side would build it side by side. A UI that
 * cannot be built fails the tests that need it, not those that do without.
 */
export default async function setup(): Promise<void> {
  try {
    await buildUiWhenStale(repositoryDir, console.log);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
}
