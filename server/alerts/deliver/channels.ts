import { randomBytes } from 'node:crypto';
import {
  type Channel,
  channelLimits,
  type ChangeChannelRequest,
  type ChannelTestReply,
  type CreateChannelRequest,
  type DeliveriesQuery,
  type Delivery,
  type SavedChannelReply,
} from '../../contract/channels.ts';
import { ApiError } from '../../contract/errors.ts';
import { showDelivery } from '../../domain/alerts/delivery.ts';
import { type ChannelBody, oldSecretMs, showChannel, type StoredChannel } from '../../domain/alerts/stored-channel.ts';
import { formatWebhookSecret } from '../../domain/alerts/webhook-signature.ts';
import type { ConfigurationWriter } from '../../queries/configuration-writer.ts';
import type { Db } from '../../queries/db.ts';
import { findDelivery, listDeliveries, type ListedDelivery } from '../../queries/deliveries.ts';
import { ChannelBook, toChannel } from './channel-book.ts';
import { checkAddress } from './check-address.ts';
import type { Courier } from './courier.ts';

/** Each waits for its receiver. */
const testsAtOnceMax = 4;
const secretBytes = 32;

export interface ChannelsOptions {
  configuration: ConfigurationWriter;
  courier: Courier;
  allowsPrivate: boolean;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** Which channel, and who asks: `api`, or the id of a key. */
interface ChannelRequest {
  projectId: string;
  channelId: string;
  author: string;
}

/** Makes, changes and tries channels, and shows what went to them. Addresses and secrets are never given back whole. */
export class Channels {
  readonly #options: ChannelsOptions;
  #tests = 0;

  constructor(options: ChannelsOptions) {
    this.#options = options;
  }

  /** By name. */
  async list(db: Db, projectId: string): Promise<Channel[]> {
    return (await new ChannelBook(db).list(projectId)).map(showChannel);
  }

  /** Throws `too_many_channels`. A webhook without a secret gets one, which is in the answer and nowhere else. */
  async create(
    db: Db,
    { name, type, url, secret, isEnabled }: CreateChannelRequest,
    { projectId, author }: Omit<ChannelRequest, 'channelId'>,
  ): Promise<SavedChannelReply> {
    checkAddress(url, this.#options);
    if (type === 'slack' && secret !== undefined) throw secretOfSlack();
    if ((await new ChannelBook(db).list(projectId)).length >= channelLimits.ofProject) {
      throw new ApiError(
        'too_many_channels',
        `project ${projectId} has ${channelLimits.ofProject} channels; remove some`,
      );
    }
    const made = type === 'webhook' && secret === undefined ? makeSecret() : null;
    const body: ChannelBody = { name, type, url, secret: secret ?? made, oldSecret: null, isEnabled };
    const channelId = randomBytes(8).toString('hex');
    return this.#save(body, { projectId, channelId, author, expectedVersion: 0 }, made);
  }

  /** Throws `channel_not_found`, or `changed_meanwhile` where it is of another version. */
  async change(
    db: Db,
    { version, name, url, secret, rotateSecret, isEnabled }: ChangeChannelRequest,
    request: ChannelRequest,
  ): Promise<SavedChannelReply> {
    const before = await this.#get(db, request);
    if (url !== undefined) checkAddress(url, this.#options);
    if (before.type === 'slack' && (secret !== undefined || rotateSecret)) throw secretOfSlack();
    if (secret !== undefined && rotateSecret) {
      throw new ApiError('invalid_request', '`secret` and `rotateSecret` exclude each other');
    }
    const made = rotateSecret ? makeSecret() : null;
    const current = made ?? secret ?? before.secret;
    const body: ChannelBody = {
      ...{ name: name ?? before.name, type: before.type, url: url ?? before.url, secret: current },
      oldSecret: current === before.secret ? before.oldSecret : this.#retire(before.secret),
      isEnabled: isEnabled ?? before.isEnabled,
    };
    return this.#save(body, { ...request, expectedVersion: version }, made);
  }

  /** Throws `channel_not_found`. What is on its way to it is given up. */
  async remove(db: Db, request: ChannelRequest): Promise<Channel> {
    const { projectId, channelId, author } = request;
    const before = await this.#get(db, request);
    const details = { name: before.name };
    await this.#options.configuration.remove({
      ...{ objectType: 'channel', projectId, objectId: channelId, author, details },
    });
    return showChannel(before);
  }

  /** Sends a marked message at once and tells how it went. Throws `too_many_tests`. */
  async test(db: Db, request: Omit<ChannelRequest, 'author'>): Promise<ChannelTestReply> {
    const channel = await this.#get(db, request);
    if (this.#tests >= testsAtOnceMax) {
      throw new ApiError('too_many_tests', `${testsAtOnceMax} test messages are being sent; try again in a moment`);
    }
    this.#tests += 1;
    try {
      const { delivery, attempt } = await this.#options.courier.sendTest(channel);
      const { httpStatus, message, durationMs, result } = attempt;
      return {
        outcome: { status: result === 'delivered' ? 'delivered' : 'failed', httpStatus, message, durationMs },
        delivery: showDelivery({ ...delivery, updatedAtMs: this.#options.now() }, channel),
      };
    } finally {
      this.#tests -= 1;
    }
  }

  /** The newest event first. */
  async listDeliveries(db: Db, { project: projectId, channel, event, state, limit, cursor }: DeliveriesQuery) {
    const selection = { projectId, channelId: channel, eventId: event, state, limit, cursor };
    const [{ deliveries, nextCursor }, channels] = await Promise.all([
      listDeliveries(db, selection),
      new ChannelBook(db).list(projectId),
    ]);
    const byId = new Map(channels.map((one) => [one.channelId, one]));
    return { deliveries: deliveries.map((one) => showDelivery(one, byId.get(one.channelId))), nextCursor };
  }

  /** Another round of tries, beginning now. Throws `delivery_not_found` or `delivery_not_retryable`. */
  async retry(db: Db, key: { projectId: string; deliveryId: string }): Promise<Delivery> {
    const found = await findDelivery(db, key);
    if (found === undefined) throw new ApiError('delivery_not_found', `there is no delivery ${key.deliveryId}`);
    requireRetryable(found);
    const again = await this.#options.courier.startAgain(found);
    if (again === undefined) throw notRetryable('it is being sent just now');
    const channel = await new ChannelBook(db).find(found);
    return showDelivery({ ...again, updatedAtMs: this.#options.now() }, channel);
  }

  async #get(db: Db, { projectId, channelId }: Omit<ChannelRequest, 'author'>): Promise<StoredChannel> {
    const channel = await new ChannelBook(db).find({ projectId, channelId });
    if (channel === undefined) throw new ApiError('channel_not_found', `there is no channel ${channelId}`);
    return channel;
  }

  async #save(
    body: ChannelBody,
    { projectId, channelId, author, expectedVersion }: ChannelRequest & { expectedVersion: number },
    made: string | null,
  ): Promise<SavedChannelReply> {
    const { name, type, isEnabled } = body;
    const stored = await this.#options.configuration.write({
      ...{ objectType: 'channel', projectId, objectId: channelId, author, body, expectedVersion },
      details: { name, type, isEnabled },
    });
    return { channel: showChannel(toChannel(stored)), secret: made };
  }

  #retire(secret: string | null): ChannelBody['oldSecret'] {
    return secret === null ? null : { secret, untilMs: this.#options.now() + oldSecretMs };
  }
}

function requireRetryable({ state, isTest }: ListedDelivery): void {
  if (isTest) throw notRetryable('it is a test message; send another one');
  if (state === 'delivered') throw notRetryable('it was delivered');
  if (state === 'pending' || state === 'sending') throw notRetryable('it is on its way');
}

function notRetryable(why: string): ApiError {
  return new ApiError('delivery_not_retryable', `this delivery cannot be repeated: ${why}`);
}

function secretOfSlack(): ApiError {
  return new ApiError(
    'invalid_request',
    '`secret` is of channels of type webhook only: the address of a Slack webhook is secret itself',
  );
}

function makeSecret(): string {
  return formatWebhookSecret(randomBytes(secretBytes));
}
