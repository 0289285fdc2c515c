import type OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type BudgetServer, flatPrice, type ServedBudget, startBudgetServer } from '../../support/budget-server.ts';
import { ask, refusal, type Runtime, startRuntime } from '../../support/runtime.ts';
import type { WireScript } from '../../support/wire/script.ts';
import { startWireServer, type WireRequest, type WireServer } from '../../support/wire/server.ts';

/** A dollar for each token that comes back: of the 20 that go in, nothing. */
const perToken = flatPrice('0', '1000000');
const maxOutputTokens = 10;

let server: BudgetServer;
let model: WireServer;
let runtime: Runtime;
/** What the model does with a request, by what the user said last. */
const scripts = new Map<string, (request: WireRequest) => WireScript>();

beforeAll(async () => {
  server = await startBudgetServer();
  model = await startWireServer({
    protocol: 'openai',
    answer: (request) => scripts.get(lastSaid(request))?.(request) ?? { text: 'one two three' },
  });
  for (const name of ['dear', 'cheap']) server.prices.set(`local/${name}`, perToken);
  server.prices.set('openai/gpt-test', perToken);
  runtime = await startRuntime({
    agents: agentsOn(model.url),
    environment: {
      SIGHTGLASS_SERVER_URL: server.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: server.url,
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: 'none',
    },
  });
});
afterAll(async () => {
  await runtime.remove();
  await model.close();
  await server.close();
});
afterEach(() => {
  scripts.clear();
  server.isBooking = true;
});

let count = 0;
/** A budget of its own user: tests do not share one. It is in force when the runtime has seen it. */
async function giveBudget(fields: Partial<ServedBudget> & Pick<ServedBudget, 'amountUsd' | 'action'>) {
  count += 1;
  const user = `user-${count}`;
  const budget: ServedBudget = {
    budgetId: `b${count}`,
    name: `Budget ${count}`,
    scope: 'user',
    value: user,
    ...fields,
  };
  // So that the runtime looks after the project.
  await ask(runtime, 'clerk', 'hello');
  const seen = server.asked.length;
  server.budgets.push(budget);
  await expect.poll(() => server.asked.length).toBeGreaterThan(seen + 1);
  return { user, budget, accountId: `${budget.budgetId}:${budget.value ?? ''}` };
}

async function readHeld(accountId: string) {
  const response = await fetch(`${runtime.url}/v1/budgets`);
  const body = (await response.json()) as {
    accounts: { accountId: string; reservedUsd: string; pendingUsd: string; pausedSessions: number }[];
    paused: { sessionId: string; accountId: string }[];
  };
  const account = body.accounts.find((one) => one.accountId === accountId);
  return { account, paused: body.paused.filter((one) => one.accountId === accountId) };
}

async function readSession(id: string) {
  const response = await fetch(`${runtime.url}/v1/sessions/${id}`);
  return (await response.json()) as {
    paused: { reason: string; budget: { name: string } } | null;
    turns: { state: string; reason: string | null; text: string }[];
  };
}

interface Refused {
  status: number | undefined;
  code: string;
  budget: { name: string };
  retryAfter: string | null;
}

/** The error of a refused request, with the budget that it names. */
async function refusedBy(request: Promise<unknown>): Promise<Partial<Refused>> {
  const error = (await request.then(
    () => undefined,
    (one: unknown) => one,
  )) as InstanceType<typeof OpenAI.APIError> | undefined;
  const { status, headers } = error ?? {};
  return { ...(error?.error as object | undefined), status, retryAfter: headers?.get('retry-after') ?? null };
}

describe('a budget that blocks', () => {
  test('refuses a call that may cost more than is left, before anything is sent', async () => {
    const { user, accountId } = await giveBudget({ amountUsd: '12', action: 'block' });
    // At most 10, and 3 in the end.
    expect((await ask(runtime, 'clerk', 'first', {}, { user })).text).toBe('one two three');
    await expect.poll(() => server.spentUsd(accountId)).toBe('3');
    await expect
      .poll(async () => (await readHeld(accountId)).account)
      .toMatchObject({ pendingUsd: '0', reservedUsd: '0' });
    const asked = model.requests.length;
    const error = await refusedBy(ask(runtime, 'clerk', 'second', {}, { user }));
    expect(error).toMatchObject({
      ...{ status: 402, code: 'budget_exhausted', type: 'insufficient_quota' },
      budget: {
        name: `Budget ${count}`,
        amount_usd: '12',
        spent_usd: '3',
        held_usd: '0',
        needed_usd: '10',
        action: 'block',
      },
    });
    expect(await refusal(streamed(user, 'third'))).toMatchObject({ status: 402, code: 'budget_exhausted' });
    expect(model.requests).toHaveLength(asked);
    expect((await readHeld(accountId)).account).toMatchObject({ reservedUsd: '0', refused: { amountUsd: '12' } });
  });

  test('holds what calls under way may cost, and what they cost until it is booked', async () => {
    const { user, accountId } = await giveBudget({ amountUsd: '15', action: 'block' });
    server.isBooking = false;
    scripts.set('slow', () => ({ text: 'one two three', firstTokenMs: 1_500 }));
    const first = ask(runtime, 'clerk', 'slow', {}, { user });
    await expect.poll(async () => (await readHeld(accountId)).account?.reservedUsd).toBe('10');
    const beside = await refusedBy(ask(runtime, 'clerk', 'beside', {}, { user }));
    expect(beside).toMatchObject({ status: 402, budget: { held_usd: '10' } });
    expect(beside.retryAfter).toBe('5');
    await first;
    expect((await readHeld(accountId)).account).toMatchObject({ reservedUsd: '0', pendingUsd: '3' });
    expect((await ask(runtime, 'clerk', 'after', {}, { user })).turn.state).toBe('completed');
    expect(await refusedBy(ask(runtime, 'clerk', 'too much', {}, { user }))).toMatchObject({ status: 402 });
    server.isBooking = true;
    await expect.poll(() => server.spentUsd(accountId), { timeout: 30_000 }).toBe('6');
    await expect
      .poll(async () => (await readHeld(accountId)).account)
      .toMatchObject({ pendingUsd: '0', reservedUsd: '0' });
  });

  test('ends a turn in the middle of its tools, with what it said', async () => {
    const { user } = await giveBudget({ amountUsd: '12', action: 'block' });
    scripts.set('loop', (request) => ({
      text: 'let me see',
      toolCalls: [{ id: `call_${request.atMs}`, name: 'expert', arguments: { message: `round ${request.atMs}` } }],
    }));
    const answer = await ask(runtime, 'boss', 'loop', {}, { user });
    expect(answer.turn).toMatchObject({ state: 'limited', reason: 'budget_exhausted' });
    expect(answer.text).toMatch(/^let me see\n\n\[The budget Budget \d+ of user-\d+ is used up: /);
    expect(answer.finish).toBe('length');
  });

  test('counts a call that broke off with all it may have cost, until the ledger says otherwise', async () => {
    const { user, accountId } = await giveBudget({ amountUsd: '50', action: 'block' });
    server.isBooking = false;
    scripts.set('cut', () => ({ text: 'one two three', breaks: { how: 'socket', after: 2 } }));
    await ask(runtime, 'clerk', 'cut', {}, { user });
    expect((await readHeld(accountId)).account).toMatchObject({ reservedUsd: '0', pendingUsd: '10' });
  });

  test('gives back what was held for a try that the provider refused', async () => {
    const { user, accountId } = await giveBudget({ amountUsd: '50', action: 'block' });
    server.isBooking = false;
    scripts.set('refused', () => ({ fail: 'server_error' }));
    expect(await refusal(ask(runtime, 'clerk', 'refused', {}, { user }))).toMatchObject({ code: 'model_failed' });
    expect((await readHeld(accountId)).account).toMatchObject({ reservedUsd: '0', pendingUsd: '0' });
  });

  test('a model without an end gets one, and without a price none is asked', async () => {
    const { user } = await giveBudget({ amountUsd: '10000', action: 'block' });
    await ask(runtime, 'endless', 'hello', {}, { user });
    expect(model.requests.at(-1)?.body).toMatchObject({ max_tokens: 8_192 });
    const error = await refusedBy(ask(runtime, 'unpriced', 'hello', {}, { user }));
    expect(error).toMatchObject({ status: 422, code: 'price_unknown' });
    expect((await ask(runtime, 'declared', 'hello', {}, { user })).turn).toMatchObject({ cost_usd: '0.3' });
  });

  test('counts what its agent declares itself', async () => {
    server.isBooking = false;
    const { sessionId } = await ask(runtime, 'frugal', 'first');
    const error = await refusedBy(ask(runtime, 'frugal', 'second', { 'x-session-id': sessionId }));
    expect(error).toMatchObject({ status: 402, budget: { name: 'frugal session total' } });
    expect((await ask(runtime, 'frugal', 'in another session')).turn.state).toBe('completed');
  });

  test('refuses a call of the gateway', async () => {
    const { user, accountId } = await giveBudget({ amountUsd: '12', action: 'block' });
    const asked = { model: 'openai/gpt-test', user, max_tokens: maxOutputTokens };
    const pass = () =>
      runtime.client.chat.completions.create({ ...asked, messages: [{ role: 'user', content: 'hello' }] });
    expect((await pass()).choices[0]?.message.content).toBe('one two three');
    await expect.poll(() => server.spentUsd(accountId)).toBe('3');
    await expect
      .poll(async () => (await readHeld(accountId)).account)
      .toMatchObject({ pendingUsd: '0', reservedUsd: '0' });
    expect(await refusedBy(pass())).toMatchObject({ status: 402, code: 'budget_exhausted' });
  });
});

test('a budget that only warns stops nothing and changes no request', async () => {
  const { user, accountId } = await giveBudget({ amountUsd: '1', action: 'warn' });
  for (const text of ['first', 'second']) {
    expect((await ask(runtime, 'endless', text, {}, { user })).turn.state).toBe('completed');
  }
  expect(model.requests.at(-1)?.body).not.toHaveProperty('max_tokens');
  await expect.poll(() => server.spentUsd(accountId)).toBe('6');
});

test('a budget that downgrades leads to the last model of the chain, which it does not stop', async () => {
  const { user } = await giveBudget({ amountUsd: '12', action: 'downgrade' });
  const models: unknown[] = [];
  for (const text of ['first', 'second', 'third', 'fourth', 'fifth', 'sixth']) {
    expect((await ask(runtime, 'chain', text, {}, { user })).turn.state).toBe('completed');
    models.push(model.requests.at(-1)?.body['model']);
  }
  expect(models).toEqual(['dear', 'cheap', 'cheap', 'cheap', 'cheap', 'cheap']);
});

describe('a budget that pauses', () => {
  test('lets the turn wait, and go on by itself when it is raised', async () => {
    const { user, budget, accountId } = await giveBudget({ amountUsd: '5', action: 'pause' });
    const asked = { model: 'agent/clerk', user };
    const error = await runtime.client.chat.completions
      .create({ ...asked, messages: [{ role: 'user', content: 'wait for it' }] })
      .catch((one: unknown) => one as InstanceType<typeof OpenAI.APIError>);
    const { status, code, headers } = error as InstanceType<typeof OpenAI.APIError>;
    expect({ status, code }).toEqual({ status: 402, code: 'budget_exhausted' });
    const sessionId = headers?.get('x-session-id') ?? '';
    expect(await readSession(sessionId)).toMatchObject({
      paused: { reason: 'budget_exhausted', budget: { name: budget.name, action: 'pause' } },
      turns: [{ state: 'paused', reason: 'budget_exhausted', text: '' }],
    });
    expect(await readHeld(accountId)).toMatchObject({
      account: { reservedUsd: '0', pausedSessions: 1 },
      paused: [{ sessionId, agent: 'clerk' }],
    });
    const again = await refusedBy(ask(runtime, 'clerk', 'anybody there?', { 'x-session-id': sessionId }, { user }));
    expect(again).toMatchObject({ status: 402, budget: { name: budget.name } });

    server.budgets[server.budgets.indexOf(budget)] = { ...budget, amountUsd: '50' };
    await expect
      .poll(async () => (await readSession(sessionId)).turns[0])
      .toMatchObject({
        ...{ state: 'completed', reason: null, text: 'one two three' },
      });
    expect((await readSession(sessionId)).paused).toBeNull();
    const next = await ask(runtime, 'clerk', 'and now?', { 'x-session-id': sessionId }, { user });
    expect(next.turn.state).toBe('completed');
    await expect
      .poll(() => server.spans.find(({ attributes }) => attributes['sightglass.session.id'] === sessionId)?.attributes)
      .toMatchObject({ 'sightglass.turn.pauses': 1, 'sightglass.turn.state': 'completed' });
  });

  test('in a stream that has begun it is an error with the budget’s name', async () => {
    const { user, budget } = await giveBudget({ amountUsd: '12', action: 'pause' });
    scripts.set('loop', ({ atMs }) => ({
      text: 'let me see',
      toolCalls: [{ id: `call_${atMs}`, name: 'expert', arguments: { message: `round ${atMs}` } }],
    }));
    const said = await streamed(user, 'loop', 'boss').catch((error: unknown) => error as Error);
    expect(said).toMatchObject({ code: 'budget_exhausted' });
    expect((said as Error).message).toContain(budget.name);
  });

  test('lets the agent that asked another one wait with it, and both go on', async () => {
    const { user, budget, accountId } = await giveBudget({ amountUsd: '15', action: 'pause' });
    scripts.set('ask once', (request) =>
      hasResult(request)
        ? { text: 'so it is' }
        : {
            text: 'let me see',
            toolCalls: [{ id: 'call_1', name: 'expert', arguments: { message: 'deep question' } }],
          },
    );
    scripts.set('deep question', () => ({ text: 'one two three' }));
    // The boss's call costs 7: 8 are left, and the expert's may cost 10.
    const error = await refusedBy(ask(runtime, 'boss', 'ask once', {}, { user }));
    expect(error).toMatchObject({ status: 402, budget: { name: budget.name } });
    const { paused } = await readHeld(accountId);
    expect(paused).toHaveLength(2);
    // What they have done is in the ledger while they wait.
    await expect.poll(() => server.spentUsd(accountId)).toBe('7');
    await expect.poll(async () => (await readHeld(accountId)).account).toMatchObject({ pendingUsd: '0' });
    const sessionId = paused.map((one) => one.sessionId).find((id) => !id.startsWith('sub_')) ?? '';
    server.budgets[server.budgets.indexOf(budget)] = { ...budget, amountUsd: '100' };
    await expect
      .poll(async () => (await readSession(sessionId)).turns[0], { timeout: 30_000 })
      .toMatchObject({ state: 'completed', text: 'let me see\n\nso it is' });
    expect(model.requests.filter((request) => lastSaid(request) === 'deep question')).toHaveLength(1);
    await expect.poll(() => server.spentUsd(accountId)).toBe('13');
  });

  test('a turn that waits can be cancelled', async () => {
    const { user, accountId } = await giveBudget({ amountUsd: '5', action: 'pause' });
    await refusedBy(ask(runtime, 'clerk', 'never', {}, { user }));
    const sessionId = (await readHeld(accountId)).paused[0]?.sessionId ?? '';
    await fetch(`${runtime.url}/v1/sessions/${sessionId}/cancel`, { method: 'POST' });
    await expect.poll(async () => (await readSession(sessionId)).turns[0]?.state).toBe('cancelled');
    expect((await readSession(sessionId)).paused).toBeNull();
  });
});

test('what the server said last holds while it is away, also for those of whom it said nothing', async () => {
  const { user } = await giveBudget({ amountUsd: '12', action: 'block', scope: 'agent', value: 'lone' });
  expect((await ask(runtime, 'lone', 'first', {}, { user })).turn.state).toBe('completed');
  server.isAway = true;
  expect(await refusedBy(ask(runtime, 'lone', 'second', {}, { user }))).toMatchObject({ status: 402 });
  expect(await refusedBy(ask(runtime, 'lone', 'third', {}, { user: 'a stranger' }))).toMatchObject({ status: 402 });
  server.isAway = false;
});

test('a runtime to which the server has never spoken refuses agents that declare a budget which stops, or as it is told', async () => {
  const environment = { SIGHTGLASS_SERVER_URL: 'http://127.0.0.1:9' };
  const strict = await startRuntime({ agents: agentsOn(model.url), environment });
  expect(await refusal(ask(strict, 'frugal', 'hello'))).toMatchObject({ status: 503, code: 'budget_unavailable' });
  expect((await ask(strict, 'clerk', 'hello')).turn.state).toBe('completed');
  await strict.remove();
  const lax = await startRuntime({
    agents: agentsOn(model.url),
    environment: { ...environment, SIGHTGLASS_BUDGETS_UNRESOLVED: 'allow' },
  });
  expect((await ask(lax, 'frugal', 'hello')).turn.state).toBe('completed');
  await lax.remove();
});

test('a project without budgets asks the server once, and then not before a call', async () => {
  const own = await startBudgetServer();
  own.prices.set('local/dear', perToken);
  const free = await startRuntime({
    agents: agentsOn(model.url),
    environment: { SIGHTGLASS_SERVER_URL: own.url, OTEL_EXPORTER_OTLP_ENDPOINT: own.url },
  });
  await ask(free, 'clerk', 'first');
  expect(own.asked.filter(({ accounts }) => accounts === undefined)).toHaveLength(1);
  await ask(free, 'clerk', 'second');
  await ask(free, 'clerk', 'third');
  expect(own.asked.filter(({ accounts }) => accounts === undefined)).toHaveLength(1);
  await free.remove();
  await own.close();
});

async function streamed(user: string, text: string, agent = 'clerk'): Promise<string> {
  const asked = { model: `agent/${agent}`, user };
  const messages = [{ role: 'user' as const, content: text }];
  const chunks = await runtime.client.chat.completions.create({ ...asked, messages, stream: true });
  let said = '';
  for await (const chunk of chunks) said += chunk.choices[0]?.delta.content ?? '';
  return said;
}

function agentsOn(baseUrl: string): Record<string, object> {
  const dear = { model: 'local/dear', baseUrl, maxOutputTokens, retries: 0 };
  const cheap = { ...dear, model: 'local/cheap' };
  const expert = { type: 'agent', name: 'expert', agent: 'clerk', description: 'Knows everything.' };
  return {
    clerk: { instructions: 'Help.', model: [dear] },
    lone: { instructions: 'Help.', model: [dear] },
    boss: { instructions: 'Ask.', model: [dear], tools: [expert] },
    chain: { instructions: 'Help.', model: [dear, cheap] },
    endless: { instructions: 'Help.', model: [{ model: 'local/dear', baseUrl, retries: 0 }] },
    unpriced: { instructions: 'Help.', model: [{ ...dear, model: 'local/nobody' }] },
    declared: {
      instructions: 'Help.',
      model: [{ ...dear, model: 'local/own', price: { input: 0, output: 100000 } }],
    },
    frugal: {
      ...{ instructions: 'Help.', model: [dear] },
      budgets: [{ scope: 'session', usd: 12, period: 'total', action: 'block' }],
    },
  };
}

function lastSaid({ body }: WireRequest): string {
  const messages = body['messages'] as { role: string; content: unknown }[];
  return String(messages.findLast(({ role }) => role === 'user')?.content);
}

function hasResult({ body }: WireRequest): boolean {
  return (body['messages'] as { role: string }[]).at(-1)?.role === 'tool';
}
