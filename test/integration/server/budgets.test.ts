import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAudit } from '../../../server/queries/audit.ts';
import { useDatabase } from '../../support/database.ts';
import { monthly, useBudgets } from './budgets-api.ts';
import { type SmallRuntime, startSmallRuntime } from './small-runtime.ts';

const database = useDatabase();

describe('budgets', () => {
  const api = useBudgets(database);
  const input = {
    name: 'Support',
    scope: 'agent',
    value: 'desk',
    amountUsd: '250.5',
    period: monthly,
    thresholds: [80, 50],
  };

  it('are made, changed, listed and removed', async () => {
    const made = await api.create({ ...input, action: 'pause' });
    expect(made).toMatchObject({
      ...{
        ...input,
        thresholds: [50, 80],
        action: 'pause',
        labelKey: null,
        channelIds: [],
        missingChannels: [],
        source: 'api',
        version: 1,
      },
      createdAt: '2026-11-20T18:00:00.000Z',
    });
    const changed = await api.change(made.budgetId, { ...input, amountUsd: '300', version: 1 });
    expect(changed).toMatchObject({ amountUsd: '300', action: 'warn', version: 2, createdAt: made.createdAt });
    expect(await api.refuse('PUT', `/${made.budgetId}`, { ...input, version: 1 })).toEqual([
      ...[409, 'changed_meanwhile'],
      `budget ${made.budgetId} was changed meanwhile; read it again and repeat the change`,
    ]);
    const { budgets, runtime } = await api.list();
    expect(runtime).toBe('none');
    expect(budgets.map(({ budgetId, amountUsd }) => [budgetId, amountUsd])).toEqual([[made.budgetId, '300']]);
    expect(budgets[0]?.account).toMatchObject({ value: 'desk', spentUsd: '0', remainingUsd: '300', state: 'ok' });
    expect(await api.remove(made.budgetId)).toMatchObject({ amountUsd: '300' });
    expect((await api.list()).budgets).toEqual([]);
    const missing = [404, 'budget_not_found', `there is no budget ${made.budgetId}`];
    expect(await api.refuse('GET', `/${made.budgetId}`)).toEqual(missing);
    expect(await api.refuse('DELETE', `/${made.budgetId}`)).toEqual(missing);
    expect(await api.refuse('PUT', `/${made.budgetId}`, { ...input, version: 2 })).toEqual(missing);
    const audit = await listAudit(api.db, {
      ...{ projectId: api.project, targetType: 'budget', targetId: made.budgetId, limit: 10 },
    });
    expect(audit.map(({ action, actor }) => [action, actor]).toSorted()).toEqual([
      ['budget.changed', 'api'],
      ['budget.created', 'api'],
      ['budget.removed', 'api'],
    ]);
    expect(audit.find(({ action }) => action === 'budget.changed')?.details).toMatchObject({
      ...{ amountUsd: '300', before: { amountUsd: '250.5' } },
    });
  });

  it('belong to one project', async () => {
    const { budgetId } = await api.create(input);
    expect((await api.send('GET', `/${budgetId}?project=another`)).status).toBe(404);
    await api.remove(budgetId);
  });

  it.each([
    [
      { amountUsd: '0' },
      '`amountUsd` must be US dollars above 0 as text, with at most six digits before and twelve after the point',
    ],
    [
      { amountUsd: 5 },
      '`amountUsd` must be US dollars above 0 as text, with at most six digits before and twelve after the point',
    ],
    [
      { amountUsd: '1e3' },
      '`amountUsd` must be US dollars above 0 as text, with at most six digits before and twelve after the point',
    ],
    [{ name: '' }, '`name` must be 1 to 100 characters, none of them a control character, and no space around them'],
    [{ scope: 'model' }, '`scope` must be one of project, agent, user, session, label, costCentre, team'],
    [{ scope: 'label' }, '`labelKey` must be the key of a label with scope label'],
    [{ labelKey: 'tenant' }, '`labelKey` must be null with scope agent'],
    [{ scope: 'project' }, '`value` must be null with scope project'],
    [
      { period: { kind: 'weekly' } },
      '`period.kind` must be calendar (with unit and timeZone), rolling (with hours) or total',
    ],
    [
      { period: { ...monthly, timeZone: 'Mars/Olympus' } },
      '`period.timeZone` must be the IANA name of a time zone, such as Europe/Berlin',
    ],
    [
      { period: { kind: 'calendar', unit: 'decade' } },
      '`period.unit` must be one of hour, day, week, month, quarter, year',
    ],
    [{ period: { kind: 'rolling', hours: 0 } }, '`period.hours` must be a whole number of hours from 1 to 26280'],
    [{ thresholds: [50, 50] }, '`thresholds` must be percentages above 0 up to 1000, each once, at most 10'],
    [{ thresholds: [0] }, '`thresholds.0` must be percentages above 0 up to 1000, each once, at most 10'],
    [{ action: 'kill' }, '`action` must be one of warn, downgrade, pause, block'],
    [{ channelIds: ['nowhere'] }, '`channelIds` names nowhere, and the project has no such channel'],
    [
      { limit: 5 },
      'unknown field `limit`; allowed: name, scope, labelKey, value, amountUsd, period, thresholds, action, channelIds',
    ],
  ])('that are not well formed (%j) are refused with one line', async (part, message) => {
    expect(await api.refuse('POST', '', { ...input, ...part })).toEqual([400, 'invalid_request', message]);
  });

  it('that are no JSON, too large, or asked for by a wrong id are refused', async () => {
    expect(await api.refuse('POST', '', '{"name":')).toEqual([400, 'invalid_request', 'the body is not valid JSON']);
    expect((await api.refuse('POST', '', { ...input, name: 'x'.repeat(2_000_000) })).slice(0, 2)).toEqual([
      ...[413, 'body_too_large'],
    ]);
    expect((await api.refuse('GET', "/'%20OR%201=1")).slice(0, 2)).toEqual([400, 'invalid_request']);
    expect(await api.refuse('PUT', '/abc', input)).toEqual([
      ...[400, 'invalid_request', '`version` must be the version that was read, a whole number from 1'],
    ]);
  });

  it('take hostile values as they are', async () => {
    for (const value of ["' OR 1=1 --", '\\', '{projectId:String}', '🎉:%\n\t']) {
      const { budgetId } = await api.create({ ...input, scope: 'label', labelKey: value, value: null });
      const { accounts } = await api.get(budgetId, value);
      expect(accounts).toEqual([]);
      const named = await api.create({ ...input, value });
      await api.book({ time: '2026-11-20T12:00:00Z', agent: value, labels: { [value]: value }, costUsd: '2' });
      expect((await api.get(named.budgetId)).focus?.account).toMatchObject({ value, spentUsd: '2' });
      expect((await api.get(budgetId)).accounts).toMatchObject([{ value, spentUsd: '2' }]);
      const { accounts: resolved } = await api.resolve({ agent: value, labels: { [value]: value } });
      expect(resolved.map(({ spentUsd }) => spentUsd)).toEqual(['2', '2']);
      await Promise.all([api.remove(budgetId), api.remove(named.budgetId)]);
    }
  });
});

describe('budgets beside a runtime', () => {
  let runtime: SmallRuntime;
  beforeAll(async () => {
    runtime = await startSmallRuntime();
  });
  afterAll(() => runtime.stop());
  const api = useBudgets(database, { runtimeUrl: () => runtime.url });

  it('are as the ledger has them while it does not answer', async () => {
    const { budgetId } = await api.create({});
    expect(await api.list()).toMatchObject({ runtime: 'unavailable', budgets: [{ pausedSessions: null }] });
    expect((await api.get(budgetId)).focus?.account).toMatchObject({ pendingUsd: '0', reservedUsd: '0' });
    await api.remove(budgetId);
  });

  it('are those that agents declare, too, and have what calls hold', async () => {
    const declared = { scope: 'user', usd: '2', period: 'day', timezone: 'UTC', notifyAt: [80], action: 'pause' };
    runtime.reply('GET /agents', { agents: [{ name: 'desk', budgets: [declared] }, { name: 'old' }] });
    await api.book(
      { time: '2026-11-20T10:00:00Z', agent: 'desk', user: 'ada', costUsd: '0.5' },
      { time: '2026-11-20T10:00:00Z', agent: 'sales', user: 'ada', costUsd: '30' },
    );
    api.clock.nowMs += 60_000;
    const [listed] = (await api.list()).budgets;
    expect(listed).toMatchObject({ source: 'definition', agent: 'desk', action: 'pause', version: 0 });
    expect(listed?.account).toMatchObject({ value: 'ada', spentUsd: '0.5' });
    const { budgetId = '', account } = listed ?? {};
    const key = account?.window.key ?? '';
    runtime.reply(`GET /v1/budgets?project=${api.project}`, {
      accounts: [
        { accountId: `${budgetId}:ada`, windowKey: key, pendingUsd: '1', reservedUsd: '0.25', pausedSessions: 2 },
        { accountId: `${budgetId}:eve`, windowKey: key, pendingUsd: '2', reservedUsd: '0', pausedSessions: 1 },
        {
          accountId: `${budgetId}:bob`,
          windowKey: 'day:yesterday',
          pendingUsd: '9',
          reservedUsd: '9',
          pausedSessions: 0,
        },
      ],
      paused: [{ sessionId: 's1', accountId: `${budgetId}:ada`, agent: 'desk', sinceMs: 1 }],
    });
    const { accounts, focus, accountCount } = await api.get(budgetId, 'ada');
    expect(accounts.map(({ value, state, remainingUsd }) => [value, state, remainingUsd])).toEqual([
      ['eve', 'exhausted', '0'],
      ['ada', 'ok', '0.25'],
    ]);
    expect(accountCount).toBe(2);
    expect(focus?.pausedSessions).toEqual([{ sessionId: 's1', agent: 'desk', sinceMs: 1 }]);
    expect((await api.list()).budgets[0]).toMatchObject({ pausedSessions: 3, account: { value: 'eve' } });
    runtime.reply('GET /agents', {
      agents: [{ name: 'desk', budgets: [{ ...declared, notify: ['oncall', 'nobody'] }] }],
    });
    const channel = {
      name: 'oncall',
      type: 'slack',
      url: 'https://hooks.slack.com/services/x',
      isEnabled: true,
    } as const;
    const { channelId } = (await api.channels.create(api.db, channel, { projectId: api.project, author: 'api' }))
      .channel;
    api.clock.nowMs += 60_000;
    const told = { budgetId, channelIds: [channelId], missingChannels: ['nobody'] };
    expect((await api.list()).budgets[0]).toMatchObject(told);
    expect((await api.get(budgetId)).budget).toMatchObject(told);
    expect((await api.resolve({ channels: true })).channels).toEqual(['oncall']);
    expect((await api.resolve({})).channels).toBeNull();
    const [status, code, message] = await api.refuse('DELETE', `/${budgetId}`);
    expect([status, code]).toEqual([400, 'invalid_request']);
    expect(message).toBe('this budget is declared in the definition of agent desk; change it there and deploy');
    const { allowed, budgets } = await api.check({ agent: 'desk', user: 'ada', estimatedUsd: '0.3' });
    expect(allowed).toBe(false);
    expect(budgets).toMatchObject([{ accountId: `${budgetId}:ada`, remainingUsd: '0.25', fits: false }]);
  });
});

describe('asking whether a call may be made', () => {
  const api = useBudgets(database);

  it('counts what the call may cost against every budget that it falls on', async () => {
    await api.book({ time: '2026-11-20T10:00:00Z', agent: 'desk', user: 'ada', costUsd: '9.99' });
    await api.create({ name: 'users', scope: 'user', action: 'block' });
    await api.create({ name: 'all', scope: 'project', amountUsd: '9' });
    const call = { user: 'ada', model: 'gpt-4o', provider: 'openai', inputTokens: 1_000, maxOutputTokens: 1_000 };
    // 1,000 tokens at 2.50 and 10 dollars a million.
    expect(await api.check(call)).toMatchObject({
      ...{ allowed: false, action: 'block', estimatedUsd: '0.0125', runtime: 'none' },
      reason: 'budget "users" of ada has 0.01 of 10 USD left; the call may cost 0.0125',
      budgets: [
        { name: 'all', fits: false, state: 'exhausted' },
        { name: 'users', fits: false, state: 'warned' },
      ],
    });
    expect(await api.check({ ...call, maxOutputTokens: 700 })).toMatchObject({
      ...{ allowed: true, action: 'warn', estimatedUsd: '0.0095' },
      reason: 'budget "all" has -0.99 of 9 USD left; the call may cost 0.0095',
    });
    expect(await api.check({ user: 'eve', estimatedUsd: '10.01' })).toMatchObject({ allowed: false });
    expect(await api.check({ user: 'eve', model: 'no-such-model' })).toMatchObject({
      ...{
        allowed: false,
        reason: 'there is no price for no-such-model, and budget "users" of eve takes no call of unknown cost',
      },
    });
    expect(await api.check({})).toMatchObject({ allowed: true, estimatedUsd: null });
    expect(await api.refuse('POST', '/check', { tokens: 5 })).toMatchObject({ 0: 400, 1: 'invalid_request' });
  });
});
