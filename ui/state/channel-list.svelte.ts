import {
  type ChangeChannelRequest,
  type Channel,
  type ChannelTestReply,
  type CreateChannelRequest,
  type SavedChannelReply,
  changeChannel,
  createChannel,
  deleteChannel,
  listChannels,
  testChannel,
} from '../api/channels.ts';
import { type ApiFailure, isAborted, toFailure } from '../api/client.ts';

/** Where alerts of a project are sent to, and what is done with that. */
export class ChannelList {
  /** Null until there is an answer; the last one stays while the next is asked for. */
  channels: readonly Channel[] | null = $state.raw(null);
  failure: ApiFailure | null = $state.raw(null);
  #project = '';
  #controller = new AbortController();

  /** The channels of a project; those of another one are no longer shown. */
  async load(project: string): Promise<void> {
    this.#controller.abort();
    this.#controller = new AbortController();
    if (project !== this.#project) this.channels = null;
    this.#project = project;
    try {
      this.channels = (await listChannels(project, this.#controller.signal)).channels;
      this.failure = null;
    } catch (error) {
      if (!isAborted(error)) this.failure = toFailure(error);
    }
  }

  /** Throws `ApiFailure`. */
  async create(request: CreateChannelRequest): Promise<SavedChannelReply> {
    const saved = await createChannel(this.#project, request);
    this.#show(saved.channel);
    return saved;
  }

  /** Throws `ApiFailure`. */
  async change(channelId: string, request: ChangeChannelRequest): Promise<SavedChannelReply> {
    const saved = await changeChannel(this.#project, channelId, request);
    this.#show(saved.channel);
    return saved;
  }

  /** Resolves with why it is still there, or null. */
  async remove(channelId: string): Promise<ApiFailure | null> {
    try {
      await deleteChannel(this.#project, channelId);
    } catch (error) {
      return toFailure(error);
    }
    await this.load(this.#project);
    return null;
  }

  /** Throws `ApiFailure` where nothing was sent at all. */
  test(channelId: string): Promise<ChannelTestReply> {
    return testChannel(this.#project, channelId);
  }

  stop(): void {
    this.#controller.abort();
  }

  /** A new one last, a changed one where it was. */
  #show(channel: Channel): void {
    const all = this.channels ?? [];
    const isKnown = all.some(({ channelId }) => channelId === channel.channelId);
    this.channels = isKnown
      ? all.map((one) => (one.channelId === channel.channelId ? channel : one))
      : [...all, channel];
  }
}
