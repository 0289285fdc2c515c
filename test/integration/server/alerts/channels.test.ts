import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { tables } from '../../../../migrations/schema.ts';
import {
  type Channel,
  channelReply,
  channelsReply,
  channelTestReply,
  deliveriesReply,
  deliveryReply,
  savedChannelReply,
} from '../../../../server/contract/channels.ts';
import { errorReply } from '../../../../server/contract/errors-reply.ts';
import { newDelivery, type StoredDelivery } from '../../../../server/domain/alerts/delivery.ts';
import { DeliveryWriter } from '../../../../server/queries/delivery-writer.ts';
import { ruleEvent } from '../../../support/alert-events.ts';
import { connectDatabase, useDatabase } from '../../../support/database.ts';
import { type MessageReceiver, startSlackReceiver, startWebhookReceiver } from '../../../support/message-receiver.ts';
import { useApi } from '../api.ts';

const database = useDatabase();
const api = useApi(database);
const { project } = api;
/** Made here, so that none of it may be found in an answer or in the audit. */
const secretUrl = 'https://hooks.slack.com/services/T0/B0/veryverysecretx4Zq';
const secret = `whsec_${Buffer.alloc(30, 3).toString('base64')}`;

let slack: MessageReceiver;
let webhook: MessageReceiver;
let writer: DeliveryWriter;
beforeAll(async () => {
  [slack, webhook] = [await startSlackReceiver(), await startWebhookReceiver(() => undefined)];
  writer = new DeliveryWriter(database);
});
afterAll(async () => {
  await Promise.all([slack.close(), webhook.close(), writer.close()]);
});

describe('channels', () => {
  it('are made, changed and removed, and never give back what is secret', async () => {
    const created = await ask('POST', '/channels', { name: 'On call', type: 'slack', url: secretUrl });
    const { channel, secret: made } = savedChannelReply.parse(created.body);
    expect(made).toBeNull();
    expect(channel).toMatchObject({
      ...{ name: 'On call', type: 'slack', url: 'https://hooks.slack.com/…x4Zq', hasSecret: false, isEnabled: true },
      ...{ version: 1, updatedBy: 'api' },
    });
    const changed = await ask('PUT', `/channels/${channel.channelId}`, {
      version: 1,
      name: 'Nights',
      isEnabled: false,
    });
    expect(savedChannelReply.parse(changed.body).channel).toMatchObject({
      name: 'Nights',
      isEnabled: false,
      version: 2,
    });
    expect(await list()).toEqual([savedChannelReply.parse(changed.body).channel]);
    expect(await failure('PUT', `/channels/${channel.channelId}`, { version: 1, name: 'Late' })).toEqual([
      409,
      'changed_meanwhile',
    ]);
    expect(channelReply.parse((await ask('DELETE', `/channels/${channel.channelId}`)).body).channel.name).toBe(
      'Nights',
    );
    expect(await list()).toEqual([]);
    expect(await failure('DELETE', `/channels/${channel.channelId}`)).toEqual([404, 'channel_not_found']);

    const audit = await rows(`SELECT action, details FROM ${tables.audit} WHERE project_id = {project:String}`);
    expect(audit.map(({ action }) => action)).toEqual(['channel.created', 'channel.changed', 'channel.removed']);
    for (const text of [created, changed, audit].map((one) => JSON.stringify(one)))
      expect(text).not.toContain('veryvery');
  });

  it('of type webhook get a secret that is shown once, and can be given another', async () => {
    const created = savedChannelReply.parse((await ask('POST', '/channels', hook())).body);
    expect(created.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const { channelId } = created.channel;
    expect(JSON.stringify(await ask('GET', '/channels'))).not.toContain(created.secret);
    await ask('POST', `/channels/${channelId}/test`);
    const first = webhook.messages.at(-1);
    expect(verify(created.secret, first)).toMatchObject({ type: 'alert.test' });

    const rotated = savedChannelReply.parse(
      (await ask('PUT', `/channels/${channelId}`, { version: 1, rotateSecret: true })).body,
    );
    expect(rotated.secret).not.toBe(created.secret);
    await ask('POST', `/channels/${channelId}/test`);
    for (const one of [created.secret, rotated.secret]) expect(verify(one, webhook.messages.at(-1))).toBeDefined();

    const given = await ask('PUT', `/channels/${channelId}`, { version: 2, secret });
    expect(given.text).not.toContain(secret);
    await ask('POST', `/channels/${channelId}/test`);
    expect(verify(secret, webhook.messages.at(-1))).toBeDefined();
  });

  it.each<[object, string]>([
    [{ type: 'slack', url: secretUrl }, '`name` must be 1 to 100 characters'],
    [{ name: 'a\nb', type: 'slack', url: secretUrl }, '`name` must be 1 to 100 characters'],
    [{ name: 'x', type: 'mail', url: secretUrl }, '`type` must be one of slack, webhook'],
    [{ name: 'x', type: 'slack', url: 'hooks.slack.com' }, '`url` must be an https address'],
    [{ name: 'x', type: 'slack', url: 'ftp://r.example/' }, '`url` must be an https address'],
    [{ name: 'x', type: 'webhook', url: 'https://a:b@r.example/' }, '`url` must have no user name and no password'],
    [{ name: 'x', type: 'webhook', url: 'https://r.example/#a' }, '`url` must have no fragment'],
    [{ name: 'x', type: 'slack', url: secretUrl, secret }, '`secret` is of channels of type webhook only'],
    [
      { name: 'x', type: 'webhook', url: 'https://r.example/', secret: 'whsec_c2hvcnQ=' },
      '`secret` must be whsec_ and 24',
    ],
    [
      { name: 'x', type: 'webhook', url: 'https://r.example/', sekret: '' },
      'unknown field `sekret`; allowed: name, type',
    ],
  ])('are refused with what is allowed: %j', async (body, message) => {
    const { status, text } = await ask('POST', '/channels', body);
    expect(status).toBe(400);
    expect(errorReply.parse(JSON.parse(text)).error.message).toContain(message);
  });

  it('of other projects are not there', async () => {
    const { channel } = savedChannelReply.parse((await ask('POST', '/channels', hook())).body);
    const elsewhere = `/channels/${channel.channelId}/test`;
    expect((await ask('POST', elsewhere, undefined, { project: `${project}-other` })).status).toBe(404);
  });
});

describe('a test message', () => {
  it('is sent at once, is marked, and is in the log', async () => {
    const channel = await make({ name: 'Slack <!here>', type: 'slack', url: `${slack.url}/tested` });
    const { outcome, delivery } = await test(channel);
    expect(outcome).toMatchObject({ status: 'delivered', httpStatus: 200, message: 'status 200: ok' });
    expect(delivery).toMatchObject({
      state: 'delivered',
      isTest: true,
      channelName: 'Slack <!here>',
      channelType: 'slack',
    });
    expect(slack.messages.at(-1)?.text).toContain('Test: messages to “Slack &lt;!here&gt;” arrive; nothing is wrong');
    const { deliveries } = await log({ channel: channel.channelId });
    expect(deliveries).toMatchObject([{ deliveryId: delivery.deliveryId, state: 'delivered', attempts: [{}] }]);
    expect(await failure('POST', `/deliveries/${delivery.deliveryId}/retry`)).toEqual([409, 'delivery_not_retryable']);
  });

  it('tells what was answered, and is not repeated', async () => {
    const { outcome, delivery } = await test(await make({ name: 'Gone', type: 'slack', url: `${slack.url}/revoked` }));
    expect(outcome).toMatchObject({ status: 'failed', httpStatus: 404, message: 'status 404: no_service' });
    expect(delivery).toMatchObject({ state: 'dead', nextAttemptAt: null });
    const refused = await test(await make({ name: 'Nobody', type: 'webhook', url: 'http://127.0.0.1:1/' }));
    expect(refused.outcome).toMatchObject({
      status: 'failed',
      httpStatus: null,
      message: 'the connection was refused',
    });
  });
});

describe('the log of deliveries', () => {
  it('has pages, the newest event first, and filters', async () => {
    const channelId = randomUUID().slice(0, 8).repeat(2);
    const deliveries = Array.from({ length: 5 }, (_, i) => dead({ channelId, atMs: ruleEvent().atMs + i }));
    await writer.writeFirst(deliveries);
    const expected = deliveries.map(({ deliveryId }) => deliveryId).toReversed();
    const first = await log({ channel: channelId, limit: '2' });
    const second = await log({ channel: channelId, limit: '2', cursor: first.nextCursor ?? '' });
    const third = await log({ channel: channelId, limit: '2', cursor: second.nextCursor ?? '' });
    const pages = [first, second, third].flatMap((page) => page.deliveries.map(({ deliveryId }) => deliveryId));
    expect(pages).toEqual(expected);
    expect(third.nextCursor).toBeNull();
    expect((await log({ channel: channelId, state: 'delivered' })).deliveries).toEqual([]);
    expect((await log({ event: deliveries[1]?.eventId ?? '' })).deliveries).toMatchObject([
      { deliveryId: expected[3], name: 'Spend of one agent', group: 'checkout', to: 'firing', channelName: null },
    ]);
    expect((await ask('GET', '/deliveries', undefined, { cursor: 'x' })).status).toBe(400);
  });

  it('lets somebody begin another round of what was given up', async () => {
    const delivery = dead({ channelId: 'c'.repeat(16), atMs: ruleEvent().atMs });
    await writer.writeFirst([delivery]);
    const path = `/deliveries/${delivery.deliveryId}/retry`;
    const again = deliveryReply.parse((await ask('POST', path)).body).delivery;
    expect(again).toMatchObject({ deliveryId: delivery.deliveryId, state: 'pending' });
    expect(again.nextAttemptAt).not.toBeNull();
    expect(await failure('POST', path)).toEqual([409, 'delivery_not_retryable']);
    expect(await failure('POST', `/deliveries/msg_${'0'.repeat(32)}/retry`)).toEqual([404, 'delivery_not_found']);
  });
});

function dead({ channelId, atMs }: { channelId: string; atMs: number }): StoredDelivery {
  const event = ruleEvent({ eventId: randomUUID(), projectId: project, atMs });
  return { ...newDelivery(event, channelId), state: 'dead' };
}

function hook() {
  return { name: 'Hook', type: 'webhook', url: `${webhook.url}/hook` };
}

async function make(body: object): Promise<Channel> {
  return savedChannelReply.parse((await ask('POST', '/channels', body)).body).channel;
}

async function test({ channelId }: Channel): Promise<z.infer<typeof channelTestReply>> {
  return channelTestReply.parse((await ask('POST', `/channels/${channelId}/test`)).body);
}

async function list(): Promise<Channel[]> {
  return channelsReply.parse((await ask('GET', '/channels')).body).channels;
}

async function log(query: Record<string, string>) {
  return deliveriesReply.parse((await ask('GET', '/deliveries', undefined, query)).body);
}

async function failure(method: string, path: string, body?: object): Promise<[number, string]> {
  const answer = await ask(method, path, body);
  return [answer.status, errorReply.parse(answer.body).error.code];
}

async function ask(method: string, path: string, body?: object, query: Record<string, string> = {}) {
  const search = new URLSearchParams({ project, ...query });
  const response = await api.app.request(`http://127.0.0.1/api/alerts${path}?${search.toString()}`, {
    method,
    headers: { host: '127.0.0.1', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text) as unknown };
}

function verify(key: string | null, message: MessageReceiver['messages'][number] | undefined): unknown {
  return new Webhook(key ?? '').verify(message?.text ?? '', message?.headers as Record<string, string>);
}

async function rows(query: string): Promise<Record<string, unknown>[]> {
  const client = connectDatabase(database);
  try {
    const answer = await client.query({
      query: `${query} ORDER BY time`,
      query_params: { project },
      format: 'JSONEachRow',
    });
    return await answer.json();
  } finally {
    await client.close();
  }
}
