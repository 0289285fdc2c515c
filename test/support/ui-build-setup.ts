import { buildUiWhenStale } from '../../server/standalone/ui-build.ts';
import { repositoryDir } from './program.ts';

/** Built once before the tests: systems that start side by side would build it side by side. */
export default async function setup(): Promise<void> {
  await buildUiWhenStale(repositoryDir, console.log);
}
