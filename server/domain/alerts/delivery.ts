import { createHash } from 'node:crypto';
import type { ChannelType, Delivery, DeliveryAttempt, DeliveryState } from '../../contract/channels.ts';
import type { AlertEvent } from '../../contract/alerts.ts';
import { retryDelaysMs } from './retry-schedule.ts';

/** A try, as the row keeps it. */
export interface StoredAttempt extends Omit<DeliveryAttempt, 'at'> {
  atMs: number;
  /** It was sent without a layout. */
  isPlain: boolean;
  /** The layout was refused: the next one goes without. */
  isLayoutRefused: boolean;
}

/** The latest step of a delivery. */
export interface StoredDelivery {
  projectId: string;
  deliveryId: string;
  eventId: string;
  eventAtMs: number;
  channelId: string;
  series: string;
  step: number;
  state: DeliveryState;
  isPosted: boolean;
  tries: number;
  nextAtMs: number;
  owner: string;
  attempts: readonly StoredAttempt[];
  /** As it was stored; not checked. */
  event: unknown;
  isTest: boolean;
}

/** Tries that a row keeps; the oldest are forgotten first. */
export const attemptsKeptMax = 30;

/** A delivery that nobody has tried yet. The same event and channel give the same id, whoever makes it and how often. */
export function newDelivery(event: AlertEvent, channelId: string): StoredDelivery {
  const { projectId, eventId, atMs, source, ruleId, budgetId, group, budget } = event;
  return {
    ...{ projectId, eventId, channelId, event, isTest: event.isTest },
    deliveryId: deliveryIdOf({ projectId, eventId, channelId }),
    eventAtMs: atMs,
    series: hash([source, ruleId, budgetId, group, budget?.accountId ?? null]),
    ...{ step: 0, state: 'pending', isPosted: false, tries: 0, nextAtMs: atMs, owner: '', attempts: [] },
  };
}

/** It has no full stop, which would end it early in what a webhook signs. */
function deliveryIdOf({ projectId, eventId, channelId }: Record<'projectId' | 'eventId' | 'channelId', string>) {
  return `msg_${hash([projectId, eventId, channelId])}`;
}

function hash(parts: readonly (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/** With one more try; `tries` counts it. */
export function withAttempt(
  { attempts, tries }: Pick<StoredDelivery, 'attempts' | 'tries'>,
  attempt: StoredAttempt,
): Pick<StoredDelivery, 'attempts' | 'tries'> {
  return { attempts: [...attempts, attempt].slice(-attemptsKeptMax), tries: tries + 1 };
}

/** What is written of a try whose server ended before it was over. */
export function interruptedAttempt({ isPosted, attempts }: StoredDelivery, atMs: number): StoredAttempt {
  return {
    ...{ atMs, httpStatus: null, durationMs: 0, isPlain: sendsPlain(attempts), isLayoutRefused: false },
    result: isPosted ? 'unknown' : 'unreached',
    message: isPosted
      ? 'the server ended while it was being sent; the receiver may have it'
      : 'the server ended before anything was sent',
  };
}

/** The receiver may have it already. */
export function mayRepeat(attempts: readonly StoredAttempt[]): boolean {
  return attempts.some(({ result }) => result === 'unknown');
}

/** The receiver does not take the layout. */
export function sendsPlain(attempts: readonly StoredAttempt[]): boolean {
  return attempts.some(({ isLayoutRefused }) => isLayoutRefused);
}

/** As the API has it. */
export function showDelivery(
  stored: StoredDelivery & { updatedAtMs: number },
  channel: { name: string; type: ChannelType } | undefined,
): Delivery {
  const { deliveryId, eventId, channelId, state, attempts, isTest } = stored;
  const event = stored.event as Partial<AlertEvent>;
  const isWaiting = state === 'pending' || state === 'failed';
  return {
    ...{ deliveryId, eventId, channelId, state, isTest },
    channelName: channel?.name ?? null,
    channelType: channel?.type ?? null,
    name: event.name ?? '',
    group: event.budget?.value ?? event.group ?? null,
    to: event.to ?? '',
    attempts: attempts.map(({ atMs, result, httpStatus, message, durationMs }) => ({
      ...{ at: new Date(atMs).toISOString(), result, httpStatus, message, durationMs },
    })),
    attemptsMax: retryDelaysMs.length + 1,
    nextAttemptAt: isWaiting ? new Date(stored.nextAtMs).toISOString() : null,
    createdAt: new Date(stored.eventAtMs).toISOString(),
    updatedAt: new Date(stored.updatedAtMs).toISOString(),
  };
}
