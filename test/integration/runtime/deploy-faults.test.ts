import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LoadedAgent } from '../../../runtime/definition/read-definition.ts';
import { parseSource } from '../../../runtime/definition/read-definition.ts';
import { hashContent, nameRevision } from '../../../runtime/definition/revision.ts';
import { deployAgents } from '../../../runtime/deploy/deploy.ts';
import { openSessionStore } from '../../../runtime/sessions/open-store.ts';
import { type SessionStore, StoreUnavailableError } from '../../../runtime/sessions/store.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

let dir: ReturnType<typeof makeTempDir>;
let store: SessionStore;

beforeEach(async () => {
  dir = makeTempDir('deploy-faults');
  ({ store } = await openSessionStore({ redisUrl: undefined, dataDir: join(dir.path, 'data') }));
});
afterEach(async () => {
  await store.close();
  dir.remove();
});

function load(name: string, instructions: string): LoadedAgent {
  const source = { name, instructions, model: ['simulated/quick'] };
  const hash = hashContent(source);
  return { file: `${name}.yaml`, definition: parseSource(source), source, hash, revision: nameRevision(name, hash) };
}

/** The store, whose connection is lost when an agent is deployed. */
function losing(agent: string): SessionStore {
  return {
    ...store,
    deploy: (revision) =>
      revision.agent === agent
        ? Promise.reject(new StoreUnavailableError('the connection was lost'))
        : store.deploy(revision),
  };
}

async function readDeployed(): Promise<string[]> {
  return (await store.listDeployed()).map(({ revision }) => revision).sort();
}

test('what was moved is moved back when the store fails in the middle', async () => {
  const old = ['a', 'b', 'c'].map((name) => load(name, 'Old.'));
  await deployAgents(store, old);
  const deploying = deployAgents(
    losing('c'),
    ['a', 'b', 'c'].map((name) => load(name, 'New.')),
  );
  await expect(deploying).rejects.toThrow('the connection was lost; nothing was deployed');
  expect(await readDeployed()).toEqual(old.map(({ revision }) => revision).sort());
});

test('says what stays: a new agent cannot be taken back', async () => {
  const [a, b] = [load('a', 'New.'), load('b', 'New.')];
  const deploying = deployAgents(losing('b'), [a, b]);
  await expect(deploying).rejects.toThrow(`the connection was lost; deployed all the same: ${a.revision}`);
  expect(await readDeployed()).toEqual([a.revision]);
});
