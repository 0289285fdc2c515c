import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startProgram } from '../../support/program.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

let dir: ReturnType<typeof makeTempDir>;

beforeEach(() => {
  dir = makeTempDir('runtime-start');
});
afterEach(() => {
  dir.remove();
});

test.each([
  [
    'an environment that is wrong',
    { SIGHTGLASS_RUNTIME_PORT: '99999' },
    /^SIGHTGLASS_RUNTIME_PORT=99999 is not allowed/m,
  ],
  [
    'a store that cannot be reached',
    { REDIS_URL: 'redis://:secret@127.0.0.1:1' },
    /^REDIS_URL .*ECONNREFUSED 127\.0\.0\.1:1$/m,
  ],
  [
    'a folder that is not there',
    { SIGHTGLASS_AGENTS_DIR: '/nowhere' },
    /^\/nowhere: there is no such file or folder$/m,
  ],
])('%s keeps it from starting, and is said in a line', async (_, environment, line) => {
  const started = startProgram('runtime/main.ts', { SIGHTGLASS_DATA_DIR: dir.path, ...environment });
  const output = await started.then(
    () => 'it started',
    (error: unknown) => String(error),
  );
  expect(output).toMatch(line);
  expect(output).not.toMatch(/secret|\n\s+at .*\.ts:\d/);
});

test('a fault in one definition keeps all from being deployed', async () => {
  const agents = join(dir.path, 'agents');
  mkdirSync(agents);
  writeFileSync(join(agents, 'good.yaml'), 'name: good\ninstructions: Be good.\nmodel: [simulated/quick]\n');
  writeFileSync(join(agents, 'bad.yaml'), 'name: bad\ninstructions: Be bad.\nmodels: [simulated/quick]\n');
  const environment = { SIGHTGLASS_RUNTIME_PORT: '0', SIGHTGLASS_DATA_DIR: dir.path, SIGHTGLASS_AGENTS_DIR: agents };
  await expect(startProgram('runtime/main.ts', environment)).rejects.toThrow(
    /bad\.yaml:3: models is not known.*did you mean model\?/,
  );
  writeFileSync(join(agents, 'bad.yaml'), 'name: bad\ninstructions: Be bad.\nmodel: [simulated/quick]\n');
  const runtime = await startProgram('runtime/main.ts', environment);
  expect(runtime.output()).toMatch(/bad@[0-9a-f]{12}.*deployed/);
  expect(runtime.output()).toMatch(/good@[0-9a-f]{12}.*deployed/);
  expect(await runtime.stop()).toBe(0);
});
