import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alertEventsReply, alertStatesReply } from '../../../../server/contract/alerts.ts';
import { type Budget, budgetReply } from '../../../../server/contract/budgets.ts';
import { deliveriesReply, savedChannelReply } from '../../../../server/contract/channels.ts';
import { repetitionNote } from '../../../../server/domain/alerts/message-slack.ts';
import { changeBudget, makeBudget } from '../../../support/budgets.ts';
import { useDatabase } from '../../../support/database.ts';
import { type MessageReceiver, type ReceivedMessage, startSlackReceiver } from '../../../support/message-receiver.ts';
import { type MortalServer, mortalServer } from '../../../support/mortal-server.ts';
import { makeOwnTables } from '../../../support/own-tables.ts';
import { environmentOf } from '../../../support/pipeline.ts';
import { type Program, startProgram } from '../../../support/program.ts';
import { type EndlessShop, runawayAgent, runawayCallUsd, startEndlessShop } from '../../../support/runaway-agent.ts';
import { ask, refusal, type Runtime, startRuntime } from '../../../support/runtime.ts';
import { findControls, textsOf } from '../../../support/slack-rules.ts';

/** A tick comes every half minute, and what a killed server was sending is tried again after three quarters of one. */
const toldWithin = { timeout: 130_000, interval: 200 };
const storyLimitMs = 150_000;
/** Three calls are 86 % of it, and a fourth does not fit. */
const amountUsd = 3.5 * runawayCallUsd;

let tables: Awaited<ReturnType<typeof makeOwnTables>>;
let slack: MessageReceiver;
let shop: EndlessShop;
let server: MortalServer;
let collector: Program;
let runtime: Runtime;
let budget: Budget;
const conversations: Promise<unknown>[] = [];
/** What happened, in order: messages that came, and kills of the server. */
const happened: ('kill' | Told)[] = [];

beforeAll(async () => {
  tables = await makeOwnTables(useDatabase());
  [slack, shop] = [await startSlackReceiver(), await startEndlessShop()];
  slack.onRequest((message) => happened.push(readMessage(message)));
  server = await mortalServer({
    database: tables,
    environment: () => ({ SIGHTGLASS_RUNTIME_URL: runtime.url, SIGHTGLASS_PRIVATE_TARGETS: 'on' }),
    onKill: () => happened.push('kill'),
  });
  collector = await startProgram('collector/main.ts', environmentOf(tables));
  runtime = await startRuntime({
    agents: { runaway: runawayAgent(shop.url) },
    environment: { SIGHTGLASS_SERVER_URL: server.url, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
  });
  await server.start();
  const channel = { name: 'On call', type: 'slack', url: `${slack.url}/on-call` };
  const { channelId } = savedChannelReply.parse(await post('/api/alerts/channels', channel)).channel;
  budget = await makeBudget(server.url, {
    ...{ name: 'Runaway', value: 'runaway', amountUsd: amountUsd.toFixed(2), action: 'pause' },
    ...{ period: { kind: 'total' }, thresholds: [50, 80, 100], channelIds: [channelId] },
  });
});
afterAll(async () => {
  await Promise.all([server.kill(), slack.close(), shop.close(), collector.kill()]);
  await runtime.remove();
  await Promise.allSettled(conversations);
  await tables.remove();
});

/** Each test goes on where the one before has ended: so long it takes a tick to come, and no test is to last minutes. */
describe('a runaway agent with a budget, and a server that is killed', { retry: 0 }, () => {
  it(
    'is told of at 50 %',
    async () => {
      shop.allow(1);
      conversations.push(refusal(talk('ann')));
      await expect.poll(() => shop.waitingCount()).toBe(1);
      await Promise.all([untilTold('🟠 Budget at 50 %: Runaway'), server.killAndStart()]);
    },
    storyLimitMs,
  );

  it(
    'is told of at 80 %, and that message is cut',
    async () => {
      slack.onRequest((message) => {
        if (readMessage(message).title.includes('80 %') && !readMessage(message).isRepetition) void server.kill();
      });
      shop.allow(1);
      await untilTold('🟠 Budget at 80 %: Runaway');
      expect(happened.at(-1)).toBe('kill');
    },
    storyLimitMs,
  );

  it(
    'pauses although the server is away, and is told of when it is back, with those who wait',
    async () => {
      shop.allow(1);
      const others = ['ben', 'cleo'].map((user) => refusal(talk(user)));
      for (const refused of await Promise.all([...others, conversations[0]])) {
        expect(refused).toMatchObject({ status: 402, code: 'budget_exhausted' });
      }
      expect(await listWaiting()).toHaveLength(3);
      await server.start();
      const message = await untilTold('🔴 Budget used up: Runaway');
      expect(message.text).toContain('3 sessions wait now; sessions pause until the budget is raised');
      expect(titles()).toEqual([
        '🟠 Budget at 50 %: Runaway',
        '🟠 Budget at 80 %: Runaway',
        '🔴 Budget used up: Runaway',
      ]);
    },
    storyLimitMs,
  );

  it(
    'goes on when the budget is raised, which is told, and nothing else',
    async () => {
      const waiting = await listWaiting();
      shop.deliver();
      await changeBudget(server.url, budget, { amountUsd: String(40 * runawayCallUsd) });
      await Promise.all([untilTold('✅ Resolved: Runaway'), server.killAndStart()]);
      for (const sessionId of waiting) {
        await expect
          .poll(() => readTurns(sessionId), toldWithin)
          .toEqual([{ state: 'completed', text: 'It was delivered.' }]);
      }
      const { evaluatedToMs } = alertStatesReply.parse(await get('/api/alerts/states'));
      const isLater = async () => {
        const states = alertStatesReply.parse(await get('/api/alerts/states'));
        return (states.evaluatedToMs ?? 0) > (evaluatedToMs ?? 0);
      };
      await expect.poll(isLater, toldWithin).toBe(true);
      expect(titles()).toEqual([
        ...['🟠 Budget at 50 %: Runaway', '🟠 Budget at 80 %: Runaway', '🔴 Budget used up: Runaway'],
        '✅ Resolved: Runaway',
      ]);
      const { deliveries } = deliveriesReply.parse(await get('/api/alerts/deliveries'));
      expect(deliveries.map(({ state }) => state)).toEqual(Array(4).fill('delivered'));
      expectRepetitionsAfterKills();
      for (const message of messages()) await expectLinks(message);
    },
    storyLimitMs,
  );
});

interface Told {
  title: string;
  /** All of it. */
  text: string;
  eventId: string;
  isRepetition: boolean;
  /** Addresses that it links to, by their label. */
  links: ReadonlyMap<string, string>;
}

function readMessage({ payload }: ReceivedMessage): Told {
  const [title = '', ...texts] = textsOf((payload as { blocks: unknown }).blocks);
  const text = texts.join('\n');
  const links = findControls(payload).filter((control) => control.startsWith('http'));
  return {
    ...{ title, text, eventId: /event `(\w+)`/.exec(text)?.[1] ?? '', isRepetition: text.includes(repetitionNote) },
    links: new Map(
      links.map((link) => [link.split('|')[1] ?? '', (link.split('|')[0] ?? '').replaceAll('&amp;', '&')]),
    ),
  };
}

function messages(): Told[] {
  return happened.filter((one) => one !== 'kill');
}

/** Of events in the order in which they were first told. */
function titles(): string[] {
  return [...new Map(messages().map(({ eventId, title }) => [eventId, title])).values()];
}

async function untilTold(title: string): Promise<Told> {
  const find = () => messages().find((message) => message.title === title);
  await expect.poll(() => titles(), toldWithin).toContain(title);
  return find() ?? expect.fail(title);
}

/** Whatever came a second time says that it may have, and was under way when the server was killed. */
function expectRepetitionsAfterKills(): void {
  const repeated = happened.flatMap((one, place) => {
    if (one === 'kill') return [];
    const before = happened.findLastIndex((other, i) => i < place && other !== 'kill' && other.eventId === one.eventId);
    return before < 0 ? [] : [{ ...one, happenedBetween: happened.slice(before + 1, place) }];
  });
  expect(repeated.map(({ title }) => title)).toContain('🟠 Budget at 80 %: Runaway');
  for (const { isRepetition, happenedBetween } of repeated) {
    expect(isRepetition).toBe(true);
    expect(happenedBetween).toContain('kill');
  }
}

/** They are pages of this server, about this budget and this event. */
async function expectLinks({ links, eventId }: Told): Promise<void> {
  expect([...links.keys()]).toEqual(['Open in Sightglass', 'Budget', 'Raise budget']);
  for (const link of links.values()) {
    const page = await fetch(link, { headers: { accept: 'text/html' } });
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
  }
  const [open, page, raise] = [...links.values()].map((link) => new URL(link));
  expect([open?.origin, open?.pathname]).toEqual([server.url, '/alerts/history']);
  const { events } = alertEventsReply.parse(await get(`/api/alerts/events${open?.search ?? ''}`));
  expect(events.map((event) => [event.eventId, event.budgetId])).toEqual([[eventId, budget.budgetId]]);
  expect(raise?.searchParams.get('form')).toBe('raise');
  for (const url of [page, raise]) {
    const detail = budgetReply.parse(await get(`/api${url?.pathname ?? ''}`));
    expect(detail.budget.budgetId).toBe(budget.budgetId);
  }
  expect(page?.searchParams.get('value')).toBe('runaway');
}

async function talk(user: string): Promise<unknown> {
  return ask(runtime, 'runaway', 'Where is my order?', {}, { user });
}

/** Sessions that wait for the budget. */
async function listWaiting(): Promise<string[]> {
  const reply = await fetch(`${runtime.url}/v1/budgets`);
  const { paused } = (await reply.json()) as { paused: { sessionId: string; accountId: string }[] };
  return paused.filter(({ accountId }) => accountId.startsWith(budget.budgetId)).map(({ sessionId }) => sessionId);
}

async function readTurns(sessionId: string): Promise<{ state: string; text: string }[]> {
  const reply = await fetch(`${runtime.url}/v1/sessions/${sessionId}`);
  const { turns } = (await reply.json()) as { turns: { state: string; text: string }[] };
  return turns.map(({ state, text }) => ({ state, text }));
}

async function get(path: string): Promise<unknown> {
  const reply = await fetch(server.url + path);
  if (!reply.ok) throw new Error(`GET ${path}: HTTP ${reply.status} ${await reply.text()}`);
  return reply.json();
}

async function post(path: string, body: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!reply.ok) throw new Error(`POST ${path}: HTTP ${reply.status} ${await reply.text()}`);
  return reply.json();
}
