import { createRoute } from '@hono/zod-openapi';
import type { Channels } from '../alerts/deliver/channels.ts';
import {
  changeChannelRequest,
  channelPath,
  channelReply,
  channelsQuery,
  channelsReply,
  channelTestReply,
  createChannelRequest,
  deliveriesQuery,
  deliveriesReply,
  deliveryPath,
  deliveryReply,
  savedChannelReply,
} from '../contract/channels.ts';
import { createRouter, replies } from './api.ts';
import { limitKeyBody } from './key-body.ts';

/** Where alerts go, and how they got there. */
export function alertChannelRoutes({ channels }: { channels: Channels }) {
  return createRouter()
    .openapi(listRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      return c.json({ channels: await channels.list(c.var.db, projectId) }, 200);
    })
    .openapi(createChannelRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      const saved = await channels.create(c.var.db, c.req.valid('json'), { projectId, author: c.var.access.actor });
      c.header('cache-control', 'no-store');
      return c.json(saved, 200);
    })
    .openapi(changeRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      const request = { projectId, ...c.req.valid('param'), author: c.var.access.actor };
      const saved = await channels.change(c.var.db, c.req.valid('json'), request);
      c.header('cache-control', 'no-store');
      return c.json(saved, 200);
    })
    .openapi(removeRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      const request = { projectId, ...c.req.valid('param'), author: c.var.access.actor };
      return c.json({ channel: await channels.remove(c.var.db, request) }, 200);
    })
    .openapi(testRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      return c.json(await channels.test(c.var.db, { projectId, ...c.req.valid('param') }), 200);
    })
    .openapi(listDeliveriesRoute, async (c) => {
      return c.json(await channels.listDeliveries(c.var.db, c.req.valid('query')), 200);
    })
    .openapi(retryRoute, async (c) => {
      const { project: projectId } = c.req.valid('query');
      const delivery = await channels.retry(c.var.db, { projectId, ...c.req.valid('param') });
      return c.json({ delivery }, 200);
    });
}

const listRoute = createRoute({
  method: 'get',
  path: '/alerts/channels',
  tags: ['Alerts'],
  summary: 'Lists the channels that messages go to, by name',
  request: { query: channelsQuery },
  responses: replies(channelsReply, 'The channels, without their secrets.'),
});

const createChannelRoute = createRoute({
  method: 'post',
  path: '/alerts/channels',
  tags: ['Alerts'],
  summary: 'Makes a channel: a Slack webhook, or a webhook of your own',
  middleware: [limitKeyBody] as const,
  request: {
    query: channelsQuery,
    body: { required: true, content: { 'application/json': { schema: createChannelRequest } } },
  },
  responses: replies(savedChannelReply, 'The channel.', ['too_many_channels', 'body_too_large']),
});

const changeRoute = createRoute({
  method: 'put',
  path: '/alerts/channels/{channelId}',
  tags: ['Alerts'],
  summary: 'Changes a channel; what is left out stays',
  middleware: [limitKeyBody] as const,
  request: {
    query: channelsQuery,
    params: channelPath,
    body: { required: true, content: { 'application/json': { schema: changeChannelRequest } } },
  },
  responses: replies(savedChannelReply, 'The channel.', ['channel_not_found', 'changed_meanwhile', 'body_too_large']),
});

const removeRoute = createRoute({
  method: 'delete',
  path: '/alerts/channels/{channelId}',
  tags: ['Alerts'],
  summary: 'Removes a channel; what is on its way to it is given up',
  request: { query: channelsQuery, params: channelPath },
  responses: replies(channelReply, 'It is removed.', ['channel_not_found', 'changed_meanwhile']),
});

const testRoute = createRoute({
  method: 'post',
  path: '/alerts/channels/{channelId}/test',
  tags: ['Alerts'],
  summary: 'Sends a test message at once, and answers how it went',
  request: { query: channelsQuery, params: channelPath },
  responses: replies(channelTestReply, 'How it went; a receiver that refuses it is an answer, too.', [
    'channel_not_found',
    'too_many_tests',
  ]),
});

const listDeliveriesRoute = createRoute({
  method: 'get',
  path: '/alerts/deliveries',
  tags: ['Alerts'],
  summary: 'Lists what was sent to channels, what is on its way and what was given up; the newest event first',
  request: { query: deliveriesQuery },
  responses: replies(deliveriesReply, 'The deliveries.', ['invalid_cursor']),
});

const retryRoute = createRoute({
  method: 'post',
  path: '/alerts/deliveries/{deliveryId}/retry',
  tags: ['Alerts'],
  summary: 'Begins another round of tries at once',
  request: { query: channelsQuery, params: deliveryPath },
  responses: replies(deliveryReply, 'It is tried again.', ['delivery_not_found', 'delivery_not_retryable']),
});
