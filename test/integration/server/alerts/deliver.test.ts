import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Deliverer } from '../../../../server/alerts/deliver/deliverer.ts';
import type { AlertEvent } from '../../../../server/contract/alerts.ts';
import type { Delivery } from '../../../../server/contract/channels.ts';
import { showDelivery } from '../../../../server/domain/alerts/delivery.ts';
import { repetitionNote } from '../../../../server/domain/alerts/message-slack.ts';
import { connectDb, type Db } from '../../../../server/queries/db.ts';
import { listDeliveries } from '../../../../server/queries/deliveries.ts';
import { ruleEvent } from '../../../support/alert-events.ts';
import { type AlertOutbox, alertOutbox, webhookSecret } from '../../../support/alert-outbox.ts';
import { newProjectId, useDatabase } from '../../../support/database.ts';
import {
  type MessageReceiver,
  type ReceivedMessage,
  startSlackReceiver,
  startWebhookReceiver,
} from '../../../support/message-receiver.ts';
import { makeOwnTables } from '../../../support/own-tables.ts';
import { textsOf } from '../../../support/slack-rules.ts';

const project = newProjectId();
const silent = { warn: () => undefined, error: () => undefined };

let database: Awaited<ReturnType<typeof makeOwnTables>>;
let db: Db;
let outbox: AlertOutbox;
let slack: MessageReceiver;
let webhook: MessageReceiver;
let deliverers: Deliverer[];

beforeAll(async () => {
  database = await makeOwnTables(useDatabase());
  db = connectDb(database);
  outbox = alertOutbox(database, project);
  slack = await startSlackReceiver();
  webhook = await startWebhookReceiver(({ text, headers }) => {
    new Webhook(webhookSecret).verify(text, headers as Record<string, string>);
  });
  // Two servers: whatever is tried here, one message is sent once.
  deliverers = [startDeliverer(), startDeliverer()];
});

afterAll(async () => {
  await Promise.all(deliverers.map((one) => one.close()));
  await Promise.all([slack.close(), webhook.close(), outbox.close(), db.close()]);
  await database.remove();
});

describe('the deliverer', () => {
  it('sends an event once to each of its channels, signed where it can be', async () => {
    const [toSlack, toWebhook] = [await newChannel('slack'), await newChannel('webhook')];
    const event = await tell({ channelIds: [toSlack, toWebhook] });
    const deliveries = await settled(event, 2);
    expect(deliveries.map(({ state }) => state)).toEqual(['delivered', 'delivered']);
    expect(textsOf(messagesAt(slack, toSlack)[0]?.payload)).toContain('🔴 Critical: Spend of one agent');
    const sent = messagesAt(webhook, toWebhook);
    expect(sent).toHaveLength(1);
    expect(messagesAt(slack, toSlack)).toHaveLength(1);
    expect(sent[0]?.payload).toMatchObject({
      type: 'alert.firing',
      data: { eventId: event.eventId, projectId: project },
    });
    expect(sent[0]?.headers['webhook-id']).toBe(deliveries.find((one) => one.channelId === toWebhook)?.deliveryId);
  });

  it('tells nobody of an event without channels', async () => {
    const channel = await newChannel('slack');
    const silenced = await tell({ channelIds: [] });
    const told = await tell({ channelIds: [channel] });
    await settled(told, 1);
    expect(await deliveriesOf(silenced)).toEqual([]);
  });

  it('tries again what was not taken, and waits as long as it is asked to', async () => {
    const channel = await newChannel('slack');
    slack.willBehave(
      { kind: 'answer', status: 500, body: 'rollup_error' },
      { kind: 'answer', status: 429, body: 'rate_limited', headers: { 'retry-after': '1' } },
      { kind: 'broken' },
    );
    const [delivery] = await settled(await tell({ channelIds: [channel] }), 1);
    expect(delivery).toMatchObject({ state: 'delivered', isTest: false, nextAttemptAt: null });
    expect(delivery?.attempts.map(({ result, message }) => [result, message])).toEqual([
      ['refused', 'status 500: rollup_error'],
      ['refused', 'status 429: rate_limited'],
      ['unknown', 'the connection broke'],
      ['delivered', 'status 200: ok'],
    ]);
    const [, asked, after] = delivery?.attempts ?? [];
    expect(Date.parse(after?.at ?? '') - Date.parse(asked?.at ?? '')).toBeGreaterThanOrEqual(1_000);
  });

  it('says that a message may be a repetition when an earlier one was not answered', async () => {
    const channel = await newChannel('slack');
    slack.willBehave({ kind: 'lost' }, { kind: 'silent' });
    await settled(await tell({ channelIds: [channel] }), 1);
    const marks = messagesAt(slack, channel).map(({ text }) => text.includes(repetitionNote));
    expect(marks).toEqual([false, true, true]);
  });

  it('repeats a message to a webhook with the same id and the same text', async () => {
    const channel = await newChannel('webhook');
    webhook.willBehave({ kind: 'lost' }, { kind: 'answer', status: 503, body: '' });
    await settled(await tell({ channelIds: [channel] }), 1);
    const [first, second] = messagesAt(webhook, channel);
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.text).toBe(first?.text);
    expect(messagesAt(webhook, channel)).toHaveLength(2);
  });

  it('sends the text alone to who refuses its layout', async () => {
    const channel = await newChannel('slack');
    slack.willBehave({ kind: 'answer', status: 400, body: 'invalid_blocks' });
    const [delivery] = await settled(await tell({ channelIds: [channel] }), 1);
    expect(delivery?.attempts.map(({ message }) => message)).toEqual(['status 400: invalid_blocks', 'status 200: ok']);
    expect(messagesAt(slack, channel)[0]?.payload).not.toHaveProperty('blocks');
  });

  it.each([
    ['revoked', 'status 404: no_service'],
    ['archived', 'status 410: channel_is_archived'],
  ])('gives up at once on a channel that is %s', async (path, message) => {
    const channel = await newChannel('slack', `${slack.url}/${path}`);
    const [delivery] = await settled(await tell({ channelIds: [channel] }), 1);
    expect(delivery).toMatchObject({ state: 'dead', attempts: [{ result: 'refused', message }] });
  });

  it('gives up after the last try', async () => {
    const channel = await newChannel('webhook', `${slack.url.replace(/:\d+$/, ':1')}/nobody`);
    const [delivery] = await settled(await tell({ channelIds: [channel] }), 1);
    expect(delivery?.state).toBe('dead');
    expect(delivery?.attempts.map(({ result }) => result)).toEqual(Array.from({ length: 6 }, () => 'unreached'));
    expect(delivery?.attempts[0]?.message).toBe('the connection was refused');
  });

  it('does not follow a redirect', async () => {
    const channel = await newChannel('webhook');
    const before = slack.requestCount();
    webhook.willBehave({ kind: 'answer', status: 307, body: '', headers: { location: `${slack.url}/elsewhere` } });
    const [delivery] = await settled(await tell({ channelIds: [channel] }), 1);
    expect(delivery).toMatchObject({ state: 'dead', attempts: [{ httpStatus: 307 }] });
    expect(slack.requestCount()).toBe(before);
  });

  it('sends nothing to a channel that is switched off or removed, and says so', async () => {
    const [off, gone] = [await newChannel('slack'), await newChannel('slack')];
    await outbox.writeChannel(off, { type: 'slack', url: `${slack.url}/${off}`, isEnabled: false });
    await outbox.removeChannel(gone);
    const deliveries = await settled(await tell({ channelIds: [off, gone] }), 2);
    const told = new Map(
      deliveries.map(({ channelId, state, attempts }) => [channelId, [state, attempts[0]?.message]]),
    );
    expect(told.get(off)).toEqual(['dead', 'the channel is switched off']);
    expect(told.get(gone)).toEqual(['dead', 'the channel was removed']);
    expect([...messagesAt(slack, off), ...messagesAt(slack, gone)]).toEqual([]);
  });

  it('keeps the order of what one group has to say', async () => {
    const channel = await newChannel('webhook');
    webhook.willBehave(...Array.from({ length: 3 }, () => ({ kind: 'answer', status: 500, body: '' }) as const));
    const at = ruleEvent().atMs;
    const events = await Promise.all(
      ['firing', 'resolved', 'firing'].map((to, i) =>
        tell({ channelIds: [channel], ruleId: 'in-order', to: to as AlertEvent['to'], atMs: at + i }),
      ),
    );
    for (const event of events) await settled(event, 1);
    const order = messagesAt(webhook, channel).map(({ payload }) => (payload as { data: AlertEvent }).data.eventId);
    expect(order).toEqual(events.map(({ eventId }) => eventId));
  });

  it('does not let a channel that does not answer hold up another', async () => {
    const [silent, other] = [await newChannel('webhook'), await newChannel('slack')];
    webhook.willBehave({ kind: 'silent' });
    await tell({ channelIds: [silent] });
    await expect.poll(() => messagesAt(webhook, silent).length).toBe(1);
    const [delivery] = await settled(await tell({ channelIds: [other] }), 1);
    expect(delivery?.state).toBe('delivered');
  });
});

function startDeliverer(): Deliverer {
  const deliverer = new Deliverer({
    ...{ connection: database, log: silent, publicUrl: () => 'https://sightglass.example', pollMs: 50 },
    poster: { allowsPrivate: true, answerTimeoutMs: 1_000 },
    times: { paceMs: 0, delaysMs: [50, 50, 50, 50, 50] },
  });
  deliverer.start();
  return deliverer;
}

async function newChannel(type: 'slack' | 'webhook', url?: string): Promise<string> {
  const channelId = randomUUID().replaceAll('-', '').slice(0, 16);
  await outbox.writeChannel(channelId, {
    type,
    url: url ?? `${(type === 'slack' ? slack : webhook).url}/${channelId}`,
  });
  return channelId;
}

async function tell(changes: Partial<AlertEvent>): Promise<AlertEvent> {
  const event = ruleEvent({ eventId: randomUUID(), ruleId: randomUUID(), projectId: project, ...changes });
  await outbox.writeEvents([event]);
  return event;
}

/** The deliveries of an event, when all of them are over. */
async function settled(event: AlertEvent, count: number): Promise<Delivery[]> {
  const open = async () => {
    const deliveries = await deliveriesOf(event);
    return deliveries.filter(({ state }) => state === 'delivered' || state === 'dead').length;
  };
  await expect.poll(open, { timeout: 60_000 }).toBe(count);
  return deliveriesOf(event);
}

async function deliveriesOf({ eventId }: AlertEvent): Promise<Delivery[]> {
  const { deliveries } = await listDeliveries(db, {
    ...{ projectId: project, channelId: undefined, eventId, state: undefined, limit: 50, cursor: undefined },
  });
  return deliveries.map((one) => showDelivery(one, undefined));
}

function messagesAt(receiver: MessageReceiver, path: string): ReceivedMessage[] {
  return receiver.messages.filter((message) => message.path === path);
}
