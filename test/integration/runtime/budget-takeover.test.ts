import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BudgetServer, flatPrice, startBudgetServer } from '../../support/budget-server.ts';
import { ask, refusal, type Runtime, startRuntime } from '../../support/runtime.ts';
import { type StoreGround, storeKinds } from '../../support/session-stores.ts';
import { startWireServer, type WireServer } from '../../support/wire/server.ts';

/** Another process finds a turn when its lease is over. */
const takeoverLimit = { timeout: 60_000, interval: 200 };

describe.each(storeKinds)('a runtime that is killed, on $kind', ({ start }) => {
  let ground: StoreGround;
  let server: BudgetServer;
  let model: WireServer;
  let isHanging = false;

  beforeAll(async () => {
    ground = await start();
    server = await startBudgetServer();
    server.prices.set('local/one', flatPrice('0', '1000000'));
    model = await startWireServer({
      protocol: 'openai',
      answer: () => (isHanging ? { hang: true } : { text: 'one two three' }),
    });
  });
  afterAll(async () => {
    await model.close();
    await server.close();
    await ground.stop();
  });

  function startOne(): Promise<Runtime> {
    const { redisUrl, dataDir } = ground.settings;
    return startRuntime({
      agents: {
        clerk: {
          instructions: 'Help.',
          model: [{ model: 'local/one', baseUrl: model.url, maxOutputTokens: 10, retries: 0 }],
        },
      },
      dataDir,
      environment: {
        SIGHTGLASS_SERVER_URL: server.url,
        OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
        ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
      },
    });
  }

  async function readHeld({ url }: Runtime, accountId: string) {
    const response = await fetch(`${url}/v1/budgets`);
    const { accounts, paused } = (await response.json()) as {
      accounts: { accountId: string; reservedUsd: string; pendingUsd: string }[];
      paused: { sessionId: string; accountId: string }[];
    };
    const account = accounts.find((one) => one.accountId === accountId);
    return { account, sessionId: paused.find((one) => one.accountId === accountId)?.sessionId };
  }

  async function readTurn({ url }: Runtime, sessionId: string) {
    const response = await fetch(`${url}/v1/sessions/${sessionId}`);
    const { turns } = (await response.json()) as { turns: { state: string; text: string }[] };
    return turns[0];
  }

  test('in a call: who goes on with the turn has the same reservation, and no other one', async () => {
    // Twice the worst case would not fit.
    server.budgets = [{ budgetId: 'one', name: 'One', scope: 'user', value: 'ann', amountUsd: '15', action: 'block' }];
    const victim = await startOne();
    isHanging = true;
    const headers = { 'idempotency-key': 'the-turn' };
    const cut = ask(victim, 'clerk', 'hello', headers, { user: 'ann' }).catch(() => 'cut');
    await expect.poll(() => model.openCount()).toBe(1);
    await victim.kill();
    expect(await cut).toBe('cut');
    isHanging = false;
    const survivor = await startOne();
    expect((await readHeld(survivor, 'one:ann')).account).toMatchObject({ reservedUsd: '10' });
    const answer = await ask(survivor, 'clerk', 'hello', headers, { user: 'ann' });
    expect(answer.turn).toMatchObject({ state: 'completed', cost_usd: '3' });
    expect((await readHeld(survivor, 'one:ann')).account).toMatchObject({ reservedUsd: '0' });
    await expect
      .poll(async () => (await readHeld(survivor, 'one:ann')).account, takeoverLimit)
      .toMatchObject({ reservedUsd: '0', pendingUsd: '0' });
    expect(server.spentUsd('one:ann')).toBe('3');
    await survivor.remove();
    await victim.remove();
  });

  test('with a session that waits: another one lets it go on when the budget is raised', async () => {
    const budget = { budgetId: 'two', name: 'Two', scope: 'user', value: 'bob', action: 'pause' } as const;
    server.budgets = [{ ...budget, amountUsd: '5' }];
    const victim = await startOne();
    expect(await refusal(ask(victim, 'clerk', 'hello', {}, { user: 'bob' }))).toMatchObject({ status: 402 });
    const { sessionId = '' } = await readHeld(victim, 'two:bob');
    await victim.kill();
    const survivor = await startOne();
    expect(await readTurn(survivor, sessionId)).toMatchObject({ state: 'paused' });
    server.budgets = [{ ...budget, amountUsd: '50' }];
    await expect
      .poll(() => readTurn(survivor, sessionId), takeoverLimit)
      .toMatchObject({ state: 'completed', text: 'one two three' });
    await survivor.remove();
    await victim.remove();
  });
});
