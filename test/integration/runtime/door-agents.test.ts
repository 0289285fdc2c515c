import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDoor } from '../../../runtime/door/app.ts';
import { ModelAdapters } from '../../../runtime/models/adapters.ts';
import { AgentPool } from '../../../runtime/run/agent-pool.ts';
import type { SessionStore } from '../../../runtime/sessions/store.ts';
import { openToolBox } from '../../../runtime/tools/tool-box.ts';
import { deployAgent, makeRunner, type TestRunner } from '../../support/session-runner.ts';
import { type StoreGround, storeKinds } from '../../support/session-stores.ts';

let ground: StoreGround;
let store: SessionStore;
let made: TestRunner;
let faults: string[] = [];

beforeAll(async () => {
  ground = await storeKinds[0].start();
  store = await ground.open();
  made = makeRunner(store);
  const look = { type: 'http', name: 'look', description: 'Looks.', url: 'https://example.com/{id}' };
  await deployAgent(store, 'helper', { model: ['simulated/quick'], description: 'Helps.', labels: { team: 'blue' } });
  await deployAgent(store, 'helper', { model: ['simulated/quick', 'openai/gpt'], tools: [look] });
  // As a later release might have registered it.
  await deployAgent(store, 'newer', { model: ['simulated/quick'], apiVersion: 'sightglass/v9' });
});

afterAll(async () => {
  await made.stop();
  await ground.stop();
});

async function get(path: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const agents = new AgentPool({
    store,
    adapters: new ModelAdapters({}),
    openTools: ({ tools }) =>
      openToolBox(tools, {
        environment: {},
        runAgent: () => Promise.reject(new Error('none')),
        onWarning: () => undefined,
      }),
  });
  const door = createDoor({
    ...{
      store,
      agents,
      runner: made.runner,
      onCall: () => undefined,
      isStopping: () => false,
      nowMs: () => Date.now(),
    },
    onError: (error) => faults.push(String(error)),
  });
  const reply = await door.request(`http://127.0.0.1${path}`, { headers: { host: '127.0.0.1' } });
  return { status: reply.status, body: (await reply.json()) as Record<string, unknown> };
}

test('agents are listed as they are deployed, also those that this release cannot read', async () => {
  faults = [];
  const { status, body } = await get('/agents');
  expect(status).toBe(200);
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
  expect(body).toEqual({
    agents: [
      {
        ...{ name: 'helper', description: null, labels: {}, models: ['simulated/quick', 'openai/gpt'] },
        ...{ revision: expect.stringMatching(/^helper@[0-9a-f]{12}$/) as string, deployedAt: time, revisionCount: 2 },
        tools: [{ name: 'look', type: 'http' }],
        budgets: [],
      },
      {
        ...{ name: 'newer', labels: {}, models: [], tools: [], budgets: [] },
        description: 'This release cannot read its definition.',
        ...{ revision: expect.stringMatching(/^newer@/) as string, deployedAt: time, revisionCount: 1 },
      },
    ],
  });
  expect(faults).toEqual([]);
});

test('an agent with what it declares, its revisions and its deployments', async () => {
  const { status, body } = await get('/agents/helper');
  expect(status).toBe(200);
  const agent = body['agent'] as Record<string, unknown>;
  expect(agent['definition']).toMatchObject({ name: 'helper', model: ['simulated/quick', 'openai/gpt'] });
  const revisions = agent['revisions'] as { revision: string; isDeployed: boolean }[];
  expect(revisions.filter(({ isDeployed }) => isDeployed).map(({ revision }) => revision)).toEqual([agent['revision']]);
  const deployments = agent['deployments'] as { revision: string; previous: string | null }[];
  expect(deployments.map(({ previous }) => previous)).toEqual([deployments[1]?.revision, null]);
  expect((await get('/agents/newer')).status).toBe(200);
  expect(await get('/agents/none')).toEqual({
    status: 404,
    body: {
      error: { message: 'there is no agent none', type: 'invalid_request_error', param: null, code: 'agent_not_found' },
    },
  });
});

test('models are agents', async () => {
  const { body } = await get('/v1/models');
  expect(body).toMatchObject({
    object: 'list',
    data: [{ id: 'agent/helper', object: 'model' }, { id: 'agent/newer' }],
  });
});
