import { z } from '@hono/zod-openapi';
import { strict } from './alert-rules.ts';
import { cursor, limit, project, queryOf } from './requests.ts';
import { nextCursor } from './values.ts';

/** Where messages go: an incoming webhook of Slack, or a webhook of one's own. */
export const channelTypes = ['slack', 'webhook'] as const;
export const channelType = z.enum(channelTypes, { error: `must be one of ${channelTypes.join(', ')}` });
export type ChannelType = z.infer<typeof channelType>;

export const deliveryStates = ['pending', 'sending', 'delivered', 'failed', 'dead'] as const;
export const deliveryState = z
  .enum(deliveryStates, { error: `must be one of ${deliveryStates.join(', ')}` })
  .openapi('DeliveryState', {
    description: '`failed`: it is tried again at `nextAttemptAt`. `dead`: it is not tried again unless somebody asks.',
  });
export type DeliveryState = z.infer<typeof deliveryState>;

export const channelLimits = {
  nameLength: 100,
  urlLength: 2_000,
  ofProject: 100,
  /** Bytes of a secret, as Standard Webhooks has them. */
  secretBytesMin: 24,
  secretBytesMax: 64,
} as const;

const id = z.string().regex(/^[0-9a-f]{16}$/, { error: 'must be the id of a channel: 16 hex digits' });
const time = z.string().openapi({ format: 'date-time', example: '2026-11-23T14:00:00.000Z' });

/** A channel as it may be shown: its address in part, its secret not at all. */
export const channel = z
  .object({
    channelId: id,
    name: z.string(),
    type: channelType,
    url: z
      .string()
      .openapi({ description: 'Not whole: who has it can post.', example: 'https://hooks.slack.com/…x4Zq' }),
    hasSecret: z.boolean().openapi({ description: 'Requests are signed as Standard Webhooks says.' }),
    isEnabled: z.boolean(),
    version: z.number().int().openapi({ description: 'Of the last change; a change names the one it was made from.' }),
    updatedAt: time,
    updatedBy: z.string().openapi({ description: '`api` without a key, or the id of a key.' }),
  })
  .openapi('Channel');
export type Channel = z.infer<typeof channel>;

const nameError = `must be 1 to ${channelLimits.nameLength} characters, none of them a control character, and no space around them`;
const name = z
  .string({ error: nameError })
  .min(1, { error: nameError })
  .max(channelLimits.nameLength, { error: nameError })
  .regex(/^(?!\s)[^\p{Cc}\p{Cs}]+(?<!\s)$/u, { error: nameError });

const urlError =
  `must be an https address of at most ${channelLimits.urlLength} characters, without a user name or a fragment; ` +
  'http and private addresses only with SIGHTGLASS_PRIVATE_TARGETS=on';
const url = z.string({ error: urlError }).min(1, { error: urlError }).max(channelLimits.urlLength, { error: urlError });

const secretError =
  `must be whsec_ and ${channelLimits.secretBytesMin} to ${channelLimits.secretBytesMax} bytes in base64; ` +
  'of a channel of type webhook only';
const secret = z
  .string({ error: secretError })
  .regex(/^whsec_(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, { error: secretError })
  .refine(
    (text) => {
      const bytes = Math.floor((text.slice('whsec_'.length).replace(/=+$/, '').length * 3) / 4);
      return bytes >= channelLimits.secretBytesMin && bytes <= channelLimits.secretBytesMax;
    },
    { error: secretError },
  );
const flag = z.boolean({ error: 'must be true or false' });

export const createChannelRequest = strict({
  name,
  type: channelType,
  url,
  secret: secret.optional().openapi({ description: 'Left out, a webhook gets one, which the answer shows once.' }),
  isEnabled: flag.default(true),
}).openapi('CreateChannelRequest');
export type CreateChannelRequest = z.infer<typeof createChannelRequest>;

/** What is left out stays as it is. */
export const changeChannelRequest = strict({
  version: z
    .number({ error: 'must be the version that the change was made from' })
    .int({ error: 'must be the version that the change was made from' })
    .min(1, { error: 'must be the version that the change was made from' }),
  name: name.optional(),
  url: url.optional(),
  secret: secret.optional(),
  rotateSecret: flag.default(false).openapi({ description: 'Makes a new secret, which the answer shows once.' }),
  isEnabled: flag.optional(),
}).openapi('ChangeChannelRequest');
export type ChangeChannelRequest = z.infer<typeof changeChannelRequest>;

export const channelsQuery = queryOf({ project });
export const channelPath = z.object({ channelId: id.openapi({ description: 'As the list of channels has it.' }) });
export const channelsReply = z.object({ channels: z.array(channel) }).openapi('Channels');
export type ChannelsReply = z.infer<typeof channelsReply>;
export const channelReply = z.object({ channel }).openapi('ChannelReply');
export type ChannelReply = z.infer<typeof channelReply>;
export const savedChannelReply = z
  .object({
    channel,
    secret: z.string().nullable().openapi({
      description: 'The secret that the server just made. It cannot be read again. Otherwise `null`.',
    }),
  })
  .openapi('SavedChannel');
export type SavedChannelReply = z.infer<typeof savedChannelReply>;

/** One try to send. */
export const deliveryAttempt = z
  .object({
    at: time,
    result: z.enum(['delivered', 'refused', 'unreached', 'unknown']).openapi({
      description:
        '`refused`: an answer that is no success. `unreached`: nothing was sent. `unknown`: it was sent and no answer came; ' +
        'the receiver may have it.',
    }),
    httpStatus: z.number().int().nullable(),
    message: z.string().openapi({ description: 'What was answered, cut, or why nothing was.' }),
    durationMs: z.number().int(),
  })
  .openapi('DeliveryAttempt');
export type DeliveryAttempt = z.infer<typeof deliveryAttempt>;

/** One event on its way to one channel. */
export const delivery = z
  .object({
    deliveryId: z.string(),
    eventId: z.string(),
    channelId: z.string(),
    channelName: z.string().nullable().openapi({ description: '`null`: the channel was removed.' }),
    channelType: channelType.nullable(),
    name: z.string().openapi({ description: 'Of the rule or the budget.' }),
    group: z.string().nullable(),
    to: z.string().openapi({ description: 'The state that the event tells of.' }),
    state: deliveryState,
    attempts: z.array(deliveryAttempt).openapi({ description: 'The last 30, oldest first.' }),
    attemptsMax: z.number().int().openapi({ description: 'After so many in a row it is dead.' }),
    nextAttemptAt: time.nullable(),
    createdAt: time.openapi({ description: 'When the event happened.' }),
    updatedAt: time,
    isTest: z.boolean(),
  })
  .openapi('Delivery');
export type Delivery = z.infer<typeof delivery>;

const idText = z.string({ error: 'must be given once' }).max(200, { error: 'must be at most 200 characters' });

export const deliveriesQuery = queryOf({
  project,
  channel: id.optional().openapi({ description: 'Only of this channel.' }),
  event: idText.optional().openapi({ description: 'Only of this event.' }),
  state: deliveryState.optional(),
  limit: limit({ default: 50, max: 200 }),
  cursor,
});
export type DeliveriesQuery = z.infer<typeof deliveriesQuery>;
export const deliveryPath = z.object({
  deliveryId: z
    .string()
    .regex(/^msg_[0-9a-f]{32}$/, { error: 'must be the id of a delivery' })
    .openapi({ description: 'As the list of deliveries has it; a webhook sees it as `webhook-id`.' }),
});
export const deliveriesReply = z.object({ deliveries: z.array(delivery), nextCursor }).openapi('Deliveries');
export type DeliveriesReply = z.infer<typeof deliveriesReply>;
export const deliveryReply = z.object({ delivery }).openapi('DeliveryReply');
export type DeliveryReply = z.infer<typeof deliveryReply>;

export const channelTestReply = z
  .object({
    outcome: z.object({
      status: z.enum(['delivered', 'failed']),
      httpStatus: z.number().int().nullable(),
      message: z.string(),
      durationMs: z.number().int(),
    }),
    delivery,
  })
  .openapi('ChannelTest');
export type ChannelTestReply = z.infer<typeof channelTestReply>;
