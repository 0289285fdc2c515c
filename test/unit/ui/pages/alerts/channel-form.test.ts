import { describe, expect, test } from 'vitest';
import { changeChannelRequest, channelLimits, createChannelRequest } from '../../../../../server/contract/channels.ts';
import type { Channel } from '../../../../../ui/api/channels.ts';
import {
  type ChannelForm,
  placeFailure,
  readChangedChannel,
  readNewChannel,
  startChannelForm,
} from '../../../../../ui/pages/alerts/channel-form.ts';

const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const form: ChannelForm = {
  ...startChannelForm(null),
  name: ' #on-call ',
  url: 'https://hooks.slack.com/services/T/B/x',
};
const stored: Channel = {
  ...{ channelId: '0123456789abcdef', name: 'Pager', type: 'webhook', url: 'https://pager.example.com/…', version: 4 },
  ...{ hasSecret: true, isEnabled: false, updatedAt: '2026-11-23T12:00:00.000Z', updatedBy: 'api' },
};

test('what the form makes is what the server takes', () => {
  const slack = readNewChannel({ ...form, secret: 'of the other type' }).request;
  expect(slack).toEqual({ name: '#on-call', type: 'slack', url: form.url, isEnabled: true });
  const webhook = readNewChannel({ ...form, type: 'webhook', secret }).request;
  expect(webhook).toMatchObject({ type: 'webhook', secret });
  expect([slack, webhook].map((request) => createChannelRequest.safeParse(request).success)).toEqual([true, true]);
});

test('of a channel that there is, what is left empty stays', () => {
  const changed = startChannelForm(stored);
  expect(changed).toMatchObject({ name: 'Pager', url: '', secret: '', isEnabled: false });
  const { request } = readChangedChannel({ ...changed, rotateSecret: true }, stored.version);
  expect(request).toEqual({ version: 4, name: 'Pager', isEnabled: false, rotateSecret: true });
  expect(changeChannelRequest.safeParse(request).success).toBe(true);
  expect(readChangedChannel({ ...changed, rotateSecret: true, secret }, 4).request).toMatchObject({
    rotateSecret: false,
    secret,
  });
});

test('what the server says of a field stands at it', () => {
  expect(placeFailure('`url` must begin with https://')).toEqual({ url: 'Must begin with https://.' });
  expect(placeFailure('project shop has 100 channels')).toBeNull();
});

describe('each fault stands at its field', () => {
  test.each<[keyof ChannelForm, Partial<ChannelForm>]>([
    ['name', { name: '' }],
    ['name', { name: 'x'.repeat(channelLimits.nameLength + 1) }],
    ['name', { name: 'two\nlines' }],
    ['url', { url: '' }],
    ['url', { url: 'hooks.slack.com' }],
    ['url', { url: 'https://example.com/#secret' }],
    ['url', { url: 'ftp://example.com/' }],
    ['url', { url: 'https://user:pass@example.com/' }],
    ['url', { url: `https://example.com/${'x'.repeat(channelLimits.urlLength)}` }],
    ['secret', { type: 'webhook', secret: 'secret' }],
    ['secret', { type: 'webhook', secret: `whsec_${Buffer.alloc(65).toString('base64')}` }],
  ])('%s: %j', (field, fields) => {
    const { request, problems } = readNewChannel({ ...form, ...fields });
    expect(request).toBeNull();
    expect(Object.keys(problems ?? {})).toEqual([field]);
  });
});
