import type {
  ChangeChannelRequest,
  ChannelsReply,
  ChannelTestReply,
  CreateChannelRequest,
  DeliveriesReply,
  SavedChannelReply,
} from '../../server/contract/channels.ts';
import { type Params, getJson, send, toSearch } from './client.ts';

export type {
  ChangeChannelRequest,
  Channel,
  ChannelTestReply,
  ChannelType,
  CreateChannelRequest,
  Delivery,
  DeliveryState,
  SavedChannelReply,
} from '../../server/contract/channels.ts';

/** Where alerts are sent to; addresses come masked, secrets not at all. */
export function listChannels(project: string, signal?: AbortSignal): Promise<ChannelsReply> {
  return getJson<ChannelsReply>('/alerts/channels', { project }, signal);
}

/** Makes a channel. The answer holds a webhook's secret, which nobody can read again. */
export async function createChannel(project: string, body: CreateChannelRequest): Promise<SavedChannelReply> {
  const response = await send(`/alerts/channels${toSearch({ project })}`, { method: 'POST', body });
  return (await response.json()) as SavedChannelReply;
}

/** Changes what is given; the rest stays. The answer holds a secret that was made anew. */
export async function changeChannel(
  project: string,
  channelId: string,
  body: ChangeChannelRequest,
): Promise<SavedChannelReply> {
  const response = await send(`${channelPath(channelId)}${toSearch({ project })}`, { method: 'PUT', body });
  return (await response.json()) as SavedChannelReply;
}

export async function deleteChannel(project: string, channelId: string): Promise<void> {
  await send(`${channelPath(channelId)}${toSearch({ project })}`, { method: 'DELETE' });
}

/** Sends a message that says it is a test, once, and tells what came of it. */
export async function testChannel(project: string, channelId: string): Promise<ChannelTestReply> {
  const response = await send(`${channelPath(channelId)}/test${toSearch({ project })}`, { method: 'POST' });
  return (await response.json()) as ChannelTestReply;
}

/** What was sent where, and what came of it; the newest first. */
export function listDeliveries(params: Params, signal?: AbortSignal): Promise<DeliveriesReply> {
  return getJson<DeliveriesReply>('/alerts/deliveries', params, signal);
}

/** Tries a delivery again that was given up. */
export async function retryDelivery(project: string, deliveryId: string): Promise<void> {
  const path = `/alerts/deliveries/${encodeURIComponent(deliveryId)}/retry`;
  await send(`${path}${toSearch({ project })}`, { method: 'POST' });
}

function channelPath(channelId: string): string {
  return `/alerts/channels/${encodeURIComponent(channelId)}`;
}
