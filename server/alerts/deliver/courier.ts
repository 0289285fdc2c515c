import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { alertEvent, type AlertEvent } from '../../contract/alerts.ts';
import type { DeliveryState } from '../../contract/channels.ts';
import {
  interruptedAttempt,
  newDelivery,
  type StoredAttempt,
  type StoredDelivery,
} from '../../domain/alerts/delivery.ts';
import { afterAttempt, type Repetition } from '../../domain/alerts/next-state.ts';
import type { StoredChannel } from '../../domain/alerts/stored-channel.ts';
import { testEvent } from '../../domain/alerts/test-event.ts';
import type { Db } from '../../queries/db.ts';
import type { DeliveryWriter } from '../../queries/delivery-writer.ts';
import type { DelivererLog } from './log.ts';
import { type Poster, postTimeoutMs } from './post.ts';
import { send, type SendOutcome } from './send.ts';
import { DeliverySteps } from './steps.ts';

export interface CourierTimes {
  /** A delivery that its server holds for longer is anybody's: longer than a post and its rows take. */
  claimMs: number;
  /** Between two messages to one Slack channel; Slack takes about one a second. */
  paceMs: number;
  /** Waits before further tries, in place of the usual ones. */
  delaysMs: readonly number[] | undefined;
}

export interface CourierOptions {
  db: Db;
  writer: DeliveryWriter;
  log: DelivererLog;
  publicUrl: () => string;
  poster: Poster;
  owner: string;
  /** ClickHouse's clock: several servers go by it. */
  nowMs: () => number;
  /** Hears how each try ended. */
  count: (outcome: DeliveryState) => void;
  /** Cuts what is being sent. */
  signal: AbortSignal;
  times?: Partial<CourierTimes> | undefined;
}

const defaultTimes: CourierTimes = { claimMs: postTimeoutMs + 25_000, paceMs: 1_000, delaysMs: undefined };
/** A server that was stopped for longer between taking a delivery and sending it does not send: another may have. */
const holdMaxMs = 10_000;
/** What was answered is kept in mind until ClickHouse has it, or for so long. */
const keepTryingMs = 120_000;
const writePauseMs = 500;
const holdsMax = 10_000;

/** Takes single deliveries to their channel, and writes down before and after how far it came. */
export class Courier {
  readonly #options: CourierOptions;
  readonly #times: CourierTimes;
  readonly #steps: DeliverySteps;
  /** Channels that asked to be left alone, and until when (monotonic). */
  readonly #holds = new Map<string, number>();

  constructor(options: CourierOptions) {
    this.#options = options;
    this.#times = { ...defaultTimes, ...options.times };
    this.#steps = new DeliverySteps({ ...options, monotonicMs: () => performance.now() });
  }

  /** The channel has answered 429, or said when it will be there again. */
  isHeld(channelKey: string): boolean {
    return (this.#holds.get(channelKey) ?? 0) > performance.now();
  }

  /**
   * One try; `lost`: somebody else has it. Throws where ClickHouse does not answer; the delivery is then tried again by whoever
   * finds it.
   */
  async deliver(
    due: StoredDelivery,
    channel: StoredChannel | undefined,
    channelKey: string,
  ): Promise<'over' | 'failed' | 'lost'> {
    const resumed = await this.#resume(due);
    if (resumed?.state === 'dead') return 'over';
    if (resumed === undefined) return 'lost';
    return this.#deliver(resumed, channel, channelKey);
  }

  async #deliver(delivery: StoredDelivery, channel: StoredChannel | undefined, channelKey: string) {
    const parsed = alertEvent.safeParse(delivery.event);
    if (!channel?.isEnabled || !parsed.success) {
      const why = channel === undefined ? 'the channel was removed' : 'the channel is switched off';
      await this.#giveUp(delivery, parsed.success ? why : 'the event cannot be read');
      return 'over';
    }
    const claimed = await this.#steps.take(delivery, {
      ...{ state: 'sending', isPosted: false, nextAtMs: this.#options.nowMs() + this.#times.claimMs },
    });
    if (claimed === undefined) return 'lost';
    const outcome = await this.#send(claimed, { channel, event: parsed.data });
    if (outcome === undefined) return 'lost';
    this.#hold(channelKey, channel, outcome);
    return outcome.repeat === 'later' ? 'failed' : 'over';
  }

  /** Sends a marked message at once, and once only; its delivery is in the log. */
  async sendTest(channel: StoredChannel): Promise<{ delivery: StoredDelivery; attempt: StoredAttempt }> {
    const { projectId, channelId, name } = channel;
    const eventId = `test-${randomBytes(8).toString('hex')}`;
    const event = testEvent({ projectId, eventId, channelId, channelName: name, nowMs: this.#options.nowMs() });
    const nextAtMs = this.#options.nowMs() + this.#times.claimMs;
    const first: StoredDelivery = { ...newDelivery(event, channelId), state: 'sending', nextAtMs };
    await this.#options.writer.writeFirst([first]);
    let last = first;
    await this.#send(first, { channel, event }, (written) => (last = written));
    const attempt = last.attempts.at(-1);
    if (attempt === undefined) throw new Error(`the test ${eventId} was taken by another server`);
    return { delivery: last, attempt };
  }

  /** Another round of tries, at once; undefined: somebody else has it by now. */
  async startAgain(delivery: StoredDelivery): Promise<StoredDelivery | undefined> {
    const change = { state: 'pending', isPosted: false, tries: 0, nextAtMs: this.#options.nowMs() } as const;
    return this.#steps.take(delivery, change);
  }

  /** What a server left behind that ended is one try more; undefined: somebody else has it. */
  async #resume(due: StoredDelivery): Promise<StoredDelivery | undefined> {
    if (due.state !== 'sending') return due;
    const nowMs = this.#options.nowMs();
    const attempt = interruptedAttempt(due, nowMs);
    const next = afterAttempt(due, attempt, { ...this.#repetition(), nowMs });
    const taken = await this.#steps.take(due, { ...next, nextAtMs: nowMs });
    if (taken !== undefined) this.#report(due, taken.state, attempt.message);
    return taken;
  }

  /** Undefined: nothing was sent, since somebody else has the delivery. */
  async #send(
    claimed: StoredDelivery,
    { channel, event }: { channel: StoredChannel; event: AlertEvent },
    onWritten?: (written: StoredDelivery) => void,
  ): Promise<SendOutcome | undefined> {
    const { poster, publicUrl, signal } = this.#options;
    let latest = claimed;
    const [nowMs, startedMs] = [this.#options.nowMs(), performance.now()];
    const mayPost = async () => {
      const askedMs = performance.now();
      const posted = await this.#steps.take(latest, {
        isPosted: true,
        nextAtMs: this.#options.nowMs() + this.#times.claimMs,
      });
      if (posted === undefined) return false;
      latest = posted;
      return performance.now() - askedMs < holdMaxMs;
    };
    const { deliveryId, attempts } = claimed;
    const sending = { channel, event, deliveryId, attempts, publicUrl: publicUrl(), nowMs, mayPost, signal };
    const outcome = (await send(poster, sending)) ?? (latest.isPosted ? withheldOutcome : undefined);
    if (outcome === undefined) return undefined;
    const { result, httpStatus, message, isPlain, repeat } = outcome;
    const attempt: StoredAttempt = {
      ...{ atMs: nowMs, result, httpStatus, message, isPlain, isLayoutRefused: repeat === 'plain' },
      durationMs: Math.round(performance.now() - startedMs),
    };
    const next = afterAttempt(latest, attempt, { ...this.#repetition(outcome), nowMs: this.#options.nowMs() });
    const written = await this.#writeOutcome(latest, next);
    if (written !== undefined) onWritten?.(written);
    this.#report(claimed, next.state, message);
    return outcome;
  }

  /** What was answered must not be lost while ClickHouse is away for a moment: it would be sent once more. */
  async #writeOutcome(
    latest: StoredDelivery,
    next: ReturnType<typeof afterAttempt>,
  ): Promise<StoredDelivery | undefined> {
    const step = this.#steps.prepare(latest, next);
    const startedMs = performance.now();
    for (;;) {
      try {
        return await this.#steps.write(step);
      } catch (error) {
        if (this.#options.signal.aborted || performance.now() - startedMs > keepTryingMs) throw error;
        await sleep(writePauseMs);
      }
    }
  }

  async #giveUp(delivery: StoredDelivery, message: string): Promise<void> {
    const nowMs = this.#options.nowMs();
    const attempt: StoredAttempt = {
      ...{ atMs: nowMs, result: 'unreached', httpStatus: null, message, durationMs: 0 },
      ...{ isPlain: false, isLayoutRefused: false },
    };
    const next = afterAttempt(delivery, attempt, { ...this.#repetition(), repeat: 'never', nowMs });
    if ((await this.#steps.take(delivery, next)) !== undefined) this.#report(delivery, next.state, message);
  }

  #repetition(outcome?: Repetition) {
    const { repeat = 'later', retryAfterMs } = outcome ?? {};
    return { repeat, retryAfterMs, random: Math.random, delaysMs: this.#times.delaysMs } as const;
  }

  #hold(channelKey: string, channel: StoredChannel, { httpStatus, retryAfterMs = 0 }: SendOutcome): void {
    const isBusy = httpStatus === 429 || httpStatus === 503;
    const pause = Math.max(channel.type === 'slack' ? this.#times.paceMs : 0, isBusy ? retryAfterMs : 0);
    if (this.#holds.size >= holdsMax) this.#holds.clear();
    if (pause > 0) this.#holds.set(channelKey, performance.now() + Math.min(pause, holdLongestMs));
  }

  #report({ projectId, channelId, deliveryId, eventId }: StoredDelivery, state: DeliveryState, message: string): void {
    this.#options.count(state);
    const fields = { projectId, channelId, deliveryId, eventId, message };
    if (state === 'dead') this.#options.log.error(fields, 'a message was given up');
    else if (state === 'failed') this.#options.log.warn(fields, 'a message was not taken and is sent again');
  }
}

/** A channel is left alone no longer than a delivery would wait for it. */
const holdLongestMs = 3_600_000;

/** The step says that it may have been sent, but it was not: this server was stopped for too long in between. */
const withheldOutcome: SendOutcome = {
  ...{ result: 'unreached', repeat: 'later', httpStatus: null, retryAfterMs: undefined, isPlain: false },
  message: 'the server was stopped for too long to send it',
};
