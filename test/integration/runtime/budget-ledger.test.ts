import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OwnDatabase, startDatabase } from '../../support/database.ts';
import { type Pipeline, startPipeline } from '../../support/pipeline.ts';
import { ask, refusal, type Runtime, startRuntime } from '../../support/runtime.ts';

/** Settlement has a span in the ledger within seconds; a busy machine takes its time. */
const bookedLimit = { timeout: 100_000, interval: 500 };
/** Three tokens come back, at ten cents each; 20 may. */
const clerk = {
  instructions: 'You know everything.',
  model: [
    {
      model: 'simulated/quick',
      maxOutputTokens: 20,
      simulate: {
        ...{ firstToken: '10ms', tokensPerSecond: 500, usdPerMillionInput: 0, usdPerMillionOutput: 100_000 },
        script: [{ answer: '384400 km.' }],
      },
    },
  ],
};

let database: OwnDatabase;
let pipeline: Pipeline;
let runtime: Runtime;

beforeAll(async () => {
  database = await startDatabase();
  pipeline = await startPipeline(database);
  runtime = await startRuntime({
    agents: { clerk },
    environment: { SIGHTGLASS_SERVER_URL: pipeline.api, OTEL_EXPORTER_OTLP_ENDPOINT: pipeline.otlp },
  });
});
afterAll(async () => {
  await runtime.remove();
  await pipeline.stop();
  await database.stop();
});

async function callApi(method: string, path: string, body?: object) {
  const response = await fetch(`${pipeline.api}/api/budgets${path}?project=default`, {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as { budget: { budgetId: string; version: number } };
}

async function readHeld(accountId: string) {
  const response = await fetch(`${runtime.url}/v1/budgets?project=default`);
  const { accounts } = (await response.json()) as { accounts: { accountId: string }[] };
  return accounts.find((one) => one.accountId === accountId);
}

test('what calls hold becomes what the ledger has, and a budget that is raised lets a session go on', async () => {
  const fields = {
    ...{ name: 'Each user', scope: 'user', amountUsd: '2.1', period: { kind: 'total' }, action: 'pause' },
  };
  const { budget } = await callApi('POST', '', fields);
  const accountId = `${budget.budgetId}:ann`;
  const first = await ask(runtime, 'clerk', 'How far is the moon?', {}, { user: 'ann' });
  expect(first.turn).toMatchObject({ state: 'completed', cost_usd: '0.3' });
  const headers = { 'x-session-id': first.sessionId };
  expect(await refusal(ask(runtime, 'clerk', 'And the sun?', headers, { user: 'ann' }))).toMatchObject({
    ...{ status: 402, code: 'budget_exhausted' },
  });
  expect(await readHeld(accountId)).toMatchObject({ reservedUsd: '0', pausedSessions: 1 });
  await expect.poll(() => readHeld(accountId), bookedLimit).toMatchObject({ reservedUsd: '0', pendingUsd: '0' });
  const resolved = await fetch(`${pipeline.api}/api/budgets/resolve?project=default`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ agent: 'clerk', user: 'ann', session: null, labels: {}, declared: [], calls: [] }),
  });
  expect(await resolved.json()).toMatchObject({ accounts: [{ accountId, spentUsd: '0.3' }] });

  await callApi('PUT', `/${budget.budgetId}`, { ...fields, amountUsd: '10', version: budget.version });
  await expect
    .poll(async () => {
      const response = await fetch(`${runtime.url}/v1/sessions/${first.sessionId}`);
      const { turns } = (await response.json()) as { turns: { state: string; text: string }[] };
      return turns.map(({ state, text }) => [state, text]);
    }, bookedLimit)
    .toEqual(Array(2).fill(['completed', '384400 km.']));
});
