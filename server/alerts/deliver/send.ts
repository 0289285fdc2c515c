import type { AlertEvent } from '../../contract/alerts.ts';
import { mayRepeat, sendsPlain, type StoredAttempt } from '../../domain/alerts/delivery.ts';
import { judgeAnswer, type Verdict } from '../../domain/alerts/judge-answer.ts';
import { slackMessage } from '../../domain/alerts/message-slack.ts';
import { webhookBody } from '../../domain/alerts/message-webhook.ts';
import { readRetryAfter } from '../../domain/alerts/retry-schedule.ts';
import { type ChannelBody, secretsInForce } from '../../domain/alerts/stored-channel.ts';
import { signWebhook } from '../../domain/alerts/webhook-signature.ts';
import type { Poster, PostResult } from './post.ts';

export interface Sending {
  channel: ChannelBody;
  event: AlertEvent;
  /** The same over all tries. */
  deliveryId: string;
  /** The tries before. */
  attempts: readonly StoredAttempt[];
  publicUrl: string;
  nowMs: number;
  mayPost: () => Promise<boolean>;
  signal: AbortSignal;
}

export interface SendOutcome extends Verdict {
  httpStatus: number | null;
  retryAfterMs: number | undefined;
  isPlain: boolean;
}

/** One try; undefined: it was withheld, and nothing was sent. Never throws for what a receiver does. */
export async function send(poster: Poster, sending: Sending): Promise<SendOutcome | undefined> {
  const { channel, attempts, mayPost, signal, nowMs } = sending;
  const isPlain = sendsPlain(attempts);
  const body = bodyOf(sending, isPlain);
  const result = await poster.post({
    ...{ url: new URL(channel.url), body, mayPost, signal },
    headers: { 'content-type': 'application/json', 'user-agent': 'Sightglass', ...signatureOf(sending, body) },
  });
  return judge(result, { channel, isPlain, nowMs });
}

function bodyOf({ channel, event, attempts, publicUrl, nowMs }: Sending, isPlain: boolean): string {
  if (channel.type === 'webhook') return webhookBody(event, { publicUrl });
  return JSON.stringify(slackMessage(event, { publicUrl, nowMs, isPlain, mayRepeat: mayRepeat(attempts) }));
}

/** Slack checks nothing; its address is the secret. */
function signatureOf({ channel, deliveryId, nowMs }: Sending, body: string): Record<string, string> {
  if (channel.type !== 'webhook') return {};
  return signWebhook({ id: deliveryId, atMs: nowMs, body, secrets: secretsInForce(channel, nowMs) });
}

function judge(
  result: PostResult,
  { channel, isPlain, nowMs }: { channel: ChannelBody; isPlain: boolean; nowMs: number },
): SendOutcome | undefined {
  switch (result.status) {
    case 'withheld':
      return undefined;
    case 'unreached': {
      const { message, isDenied } = result;
      const verdict = { result: 'unreached', message, repeat: isDenied ? 'never' : 'later' } as const;
      return { ...verdict, httpStatus: null, retryAfterMs: undefined, isPlain };
    }
    case 'unknown': {
      const verdict = { result: 'unknown', message: result.message, repeat: 'later' } as const;
      return { ...verdict, httpStatus: null, retryAfterMs: undefined, isPlain };
    }
    case 'answered': {
      const { httpStatus, body, location, retryAfter } = result;
      const verdict = judgeAnswer({ type: channel.type, httpStatus, body, location, isPlain });
      return { ...verdict, httpStatus, retryAfterMs: readRetryAfter(retryAfter, nowMs), isPlain };
    }
  }
}
