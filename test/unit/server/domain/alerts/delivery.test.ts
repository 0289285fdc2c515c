import { describe, expect, it } from 'vitest';
import {
  attemptsKeptMax,
  interruptedAttempt,
  mayRepeat,
  newDelivery,
  type StoredAttempt,
  type StoredDelivery,
} from '../../../../../server/domain/alerts/delivery.ts';
import { judgeAnswer } from '../../../../../server/domain/alerts/judge-answer.ts';
import { afterAttempt } from '../../../../../server/domain/alerts/next-state.ts';
import { readRetryAfter, retryDelay, retryDelaysMs } from '../../../../../server/domain/alerts/retry-schedule.ts';
import { maskUrl } from '../../../../../server/domain/alerts/stored-channel.ts';
import { ruleEvent } from '../../../../support/alert-events.ts';

const nowMs = 1_000_000;
const refused: StoredAttempt = {
  ...{ atMs: nowMs, result: 'refused', httpStatus: 500, message: 'status 500', durationMs: 3 },
  ...{ isPlain: false, isLayoutRefused: false },
};
const later = { repeat: 'later', retryAfterMs: undefined, nowMs, random: () => 0 } as const;

describe('a delivery', () => {
  it('has one id for an event and a channel, whoever makes it', () => {
    const ids = [newDelivery(ruleEvent(), 'c1'), newDelivery(ruleEvent(), 'c1'), newDelivery(ruleEvent(), 'c2')].map(
      ({ deliveryId }) => deliveryId,
    );
    expect(ids[0]).toMatch(/^msg_[0-9a-f]{32}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it('goes in order with those of the same rule and group alone', () => {
    const seriesOf = (changes: Parameters<typeof ruleEvent>[0]) => newDelivery(ruleEvent(changes), 'c').series;
    expect(seriesOf({ eventId: 'event-2', to: 'resolved' })).toBe(seriesOf({}));
    expect(seriesOf({ group: 'other' })).not.toBe(seriesOf({}));
  });

  it('is tried again with growing pauses, and given up after the last', () => {
    let delivery = { ...newDelivery(ruleEvent(), 'c') };
    const pauses: number[] = [];
    while (delivery.state !== 'dead') {
      delivery = { ...delivery, ...afterAttempt(delivery, refused, later) };
      pauses.push(delivery.nextAtMs - nowMs);
    }
    expect(pauses).toEqual([...retryDelaysMs, 0]);
    expect(delivery).toMatchObject({ tries: retryDelaysMs.length + 1, isPosted: false });
    expect(delivery.attempts).toHaveLength(retryDelaysMs.length + 1);
  });

  it('keeps the last tries of many', () => {
    const many: StoredDelivery = {
      ...newDelivery(ruleEvent(), 'c'),
      attempts: Array.from({ length: attemptsKeptMax }, (_, atMs) => ({ ...refused, atMs })),
    };
    const { attempts } = afterAttempt(many, refused, later);
    expect(attempts).toHaveLength(attemptsKeptMax);
    expect(attempts.at(-1)?.atMs).toBe(nowMs);
  });

  it('is over when it was delivered, when no try can do better, and when it was a test', () => {
    const delivery = newDelivery(ruleEvent(), 'c');
    expect(afterAttempt(delivery, refused, { ...later, repeat: 'no' }).state).toBe('delivered');
    expect(afterAttempt(delivery, refused, { ...later, repeat: 'never' }).state).toBe('dead');
    expect(afterAttempt({ ...delivery, isTest: true }, refused, later).state).toBe('dead');
  });

  it('goes without its layout at once', () => {
    expect(afterAttempt(newDelivery(ruleEvent(), 'c'), refused, { ...later, repeat: 'plain' })).toMatchObject({
      ...{ state: 'failed', nextAtMs: nowMs },
    });
  });

  it('may be a repetition only when it may have left', () => {
    const sending: StoredDelivery = { ...newDelivery(ruleEvent(), 'c'), state: 'sending' };
    expect(mayRepeat([refused, interruptedAttempt(sending, nowMs)])).toBe(false);
    expect(mayRepeat([interruptedAttempt({ ...sending, isPosted: true }, nowMs), refused])).toBe(true);
  });
});

describe('a pause', () => {
  it('is as long as the receiver asks for, but not for days', () => {
    const pause = (retryAfterMs: number) => retryDelay({ tries: 1, retryAfterMs, random: () => 0 });
    expect(pause(0)).toBe(5_000);
    expect(pause(60_000)).toBe(60_000);
    expect(pause(86_400_000)).toBe(3_600_000);
    expect(retryDelay({ tries: 1, retryAfterMs: undefined, random: () => 1 })).toBe(6_000);
  });

  it('is read as seconds or as a date', () => {
    expect(readRetryAfter('7', nowMs)).toBe(7_000);
    expect(readRetryAfter('Thu, 01 Jan 1970 00:17:00 GMT', nowMs)).toBe(20_000);
    expect(readRetryAfter('Thu, 01 Jan 1970 00:00:00 GMT', nowMs)).toBe(0);
    expect(readRetryAfter('soon', nowMs)).toBeUndefined();
    expect(readRetryAfter(undefined, nowMs)).toBeUndefined();
  });
});

describe('an answer', () => {
  const judge = (type: 'slack' | 'webhook', httpStatus: number, body = '', isPlain = false) =>
    judgeAnswer({ type, httpStatus, body, location: undefined, isPlain }).repeat;

  it.each([
    ['slack', 200, 'ok', 'no'],
    ['slack', 400, 'invalid_blocks', 'plain'],
    ['slack', 400, 'too_many_attachments', 'plain'],
    ['slack', 403, 'action_prohibited', 'never'],
    ['slack', 404, 'no_service', 'never'],
    ['slack', 410, 'channel_is_archived', 'never'],
    ['slack', 429, 'rate_limited', 'later'],
    ['slack', 500, 'rollup_error', 'later'],
    ['webhook', 204, '', 'no'],
    ['webhook', 404, '', 'later'],
    ['webhook', 410, '', 'never'],
    ['webhook', 429, '', 'later'],
    ['webhook', 503, '', 'later'],
  ] as const)('of %s with status %d %s: %s', (type, httpStatus, body, repeat) => {
    expect(judge(type, httpStatus, body)).toBe(repeat);
  });

  it('ends when also the text without a layout is refused', () => {
    expect(judge('slack', 400, 'invalid_blocks', true)).toBe('never');
  });

  it('is kept short and on one line', () => {
    const { message } = judgeAnswer({
      ...{ type: 'webhook', httpStatus: 500, location: undefined, isPlain: false },
      body: `<html>\n\u0000${'x'.repeat(2_000)}`,
    });
    expect(message).toMatch(/^status 500: <html> x+…$/);
    expect(message).toHaveLength(300);
  });

  it('that redirects says where the address should lead', () => {
    const redirect = {
      type: 'webhook',
      httpStatus: 302,
      body: '',
      location: 'http://10.0.0.1/',
      isPlain: false,
    } as const;
    expect(judgeAnswer(redirect)).toMatchObject({
      repeat: 'never',
      message: expect.stringContaining('http://10.0.0.1/') as string,
    });
  });
});

describe('an address', () => {
  it.each([
    ['https://hooks.slack.com/services/T000/B000/abcdefghx4Zq', 'https://hooks.slack.com/…x4Zq'],
    ['https://r.example/alerts', 'https://r.example/…'],
    ['https://r.example', 'https://r.example/'],
    ['https://r.example:8443/in?token=0123456789abcdef', 'https://r.example:8443/…cdef'],
  ])('%s is shown as %s', (url, shown) => {
    expect(maskUrl(url)).toBe(shown);
  });
});
