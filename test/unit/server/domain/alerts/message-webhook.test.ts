import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { webhookBody, webhookType } from '../../../../../server/domain/alerts/message-webhook.ts';
import { secretsInForce } from '../../../../../server/domain/alerts/stored-channel.ts';
import { formatWebhookSecret, signWebhook } from '../../../../../server/domain/alerts/webhook-signature.ts';
import { budgetEvent, ruleEvent } from '../../../../support/alert-events.ts';

const [oldSecret, newSecret] = [Buffer.alloc(32, 7), Buffer.alloc(24, 9)].map(formatWebhookSecret) as [string, string];

describe('a message to a webhook', () => {
  it('is the event as JSON, with whole links and without our channels', () => {
    const body: unknown = JSON.parse(
      webhookBody(ruleEvent({ channelIds: ['c1'] }), { publicUrl: 'https://s.example' }),
    );
    expect(body).toMatchObject({
      type: 'alert.firing',
      timestamp: '2026-11-23T14:00:00.000Z',
      data: {
        eventId: 'event-1',
        name: 'Spend of one agent',
        value: 61.8,
        links: [{ label: 'Open in Sightglass', url: 'https://s.example/alerts?event=event-1' }, {}],
      },
    });
    expect(body).not.toHaveProperty('data.channelIds');
  });

  it('has a type to choose by', () => {
    expect(webhookType(ruleEvent({ to: 'resolved' }))).toBe('alert.resolved');
    expect(webhookType(ruleEvent({ to: 'no_data' }))).toBe('alert.no_data');
    expect(webhookType(budgetEvent(80))).toBe('budget.threshold');
    expect(webhookType(ruleEvent({ isTest: true }))).toBe('alert.test');
  });

  it('is signed as Standard Webhooks has it', () => {
    const body = webhookBody(ruleEvent({ name: 'ünïcode 🙂' }), { publicUrl: 'https://s.example' });
    const headers = signWebhook({ id: 'msg_1', atMs: Date.now(), body, secrets: [newSecret] });
    expect(new Webhook(newSecret).verify(body, headers)).toMatchObject({ type: 'alert.firing' });
    expect(() => new Webhook(oldSecret).verify(body, headers)).toThrow();
    expect(() => new Webhook(newSecret).verify(`${body} `, headers)).toThrow();
    expect(() => new Webhook(newSecret).verify(body, { ...headers, 'webhook-id': 'msg_2' })).toThrow();
  });

  it('is signed with the old secret too, for a day after it was replaced', () => {
    const channel = {
      ...({ name: 'n', type: 'webhook', url: 'https://r.example', isEnabled: true } as const),
      secret: newSecret,
      oldSecret: { secret: oldSecret, untilMs: 1_000 },
    };
    expect(secretsInForce(channel, 1_000)).toEqual([newSecret]);
    const headers = signWebhook({ id: 'm', atMs: Date.now(), body: '{}', secrets: secretsInForce(channel, 999) });
    for (const secret of [oldSecret, newSecret]) expect(new Webhook(secret).verify('{}', headers)).toEqual({});
  });
});
