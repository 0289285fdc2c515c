import { afterAll, beforeAll, expect, it } from 'vitest';
import { channelTestReply, deliveriesReply, savedChannelReply } from '../../../../server/contract/channels.ts';
import { ruleEvent } from '../../../support/alert-events.ts';
import { type AlertOutbox, alertOutbox } from '../../../support/alert-outbox.ts';
import { newProjectId, useDatabase } from '../../../support/database.ts';
import { type MessageReceiver, startSlackReceiver } from '../../../support/message-receiver.ts';
import { makeOwnTables } from '../../../support/own-tables.ts';
import { environmentOf } from '../../../support/pipeline.ts';
import { startProgram } from '../../../support/program.ts';

const project = newProjectId();
let database: Awaited<ReturnType<typeof makeOwnTables>>;
let outbox: AlertOutbox;
let slack: MessageReceiver;

beforeAll(async () => {
  database = await makeOwnTables(useDatabase());
  outbox = alertOutbox(database, project);
  slack = await startSlackReceiver();
});
afterAll(async () => {
  await Promise.all([slack.close(), outbox.close()]);
  await database.remove();
});

it('the server sends what alerts have to say, with links to itself, and stops while a receiver keeps it waiting', async () => {
  const server = await startServer({ SIGHTGLASS_PRIVATE_TARGETS: 'on' });
  const { channel } = savedChannelReply.parse(
    await call(server.url, 'POST', '/channels', {
      name: 'On call',
      type: 'slack',
      url: `${slack.url}/services/on-call`,
    }),
  );
  const event = { eventId: 'told', channelIds: [channel.channelId] };
  await outbox.writeEvents([ruleEvent(event)]);
  await expect.poll(() => slack.messages.length, { timeout: 60_000 }).toBe(1);
  expect(slack.messages[0]?.text).toContain(`<${server.url}/alerts?event=event-1|Open in Sightglass>`);
  await expect.poll(() => states(server.url), { timeout: 60_000 }).toEqual(['delivered']);
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toContain('sightglass_alert_messages_total{outcome="delivered"} 1');

  slack.willBehave({ kind: 'silent' });
  await outbox.writeEvents([ruleEvent({ ...event, eventId: 'waits', ruleId: 'rule-2' })]);
  await expect.poll(() => slack.messages.length, { timeout: 60_000 }).toBe(2);
  expect(await server.stop()).toBe(0);

  const next = await startServer({ SIGHTGLASS_PRIVATE_TARGETS: 'on', SIGHTGLASS_PUBLIC_URL: 'https://s.example' });
  await expect.poll(() => states(next.url), { timeout: 60_000 }).toEqual(['delivered', 'delivered']);
  expect(slack.messages[2]?.text).toContain('<https://s.example/alerts?event=event-1|Open in Sightglass>');
  await next.stop();
});

it('the server refuses private addresses unless they are allowed, also of channels that were made while they were', async () => {
  const server = await startServer({});
  await outbox.writeChannel('c'.repeat(16), { type: 'slack', url: `${slack.url}/private` });
  const before = slack.requestCount();
  const { outcome } = channelTestReply.parse(await call(server.url, 'POST', `/channels/${'c'.repeat(16)}/test`));
  expect(outcome).toMatchObject({ status: 'failed', httpStatus: null });
  expect(outcome.message).toContain('allowed only with SIGHTGLASS_PRIVATE_TARGETS=on');
  const refused = await call(server.url, 'POST', '/channels', { name: 'x', type: 'slack', url: `${slack.url}/x` });
  expect(refused).toMatchObject({ error: { code: 'invalid_request' } });
  expect(slack.requestCount()).toBe(before);
  await server.stop();
});

async function startServer(environment: Record<string, string>) {
  return startProgram('server/main.ts', { ...environmentOf(database), ...environment });
}

async function states(url: string): Promise<string[]> {
  const { deliveries } = deliveriesReply.parse(await call(url, 'GET', '/deliveries'));
  return deliveries.map(({ state }) => state);
}

async function call(url: string, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${url}/api/alerts${path}?project=${project}`, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return response.json();
}
