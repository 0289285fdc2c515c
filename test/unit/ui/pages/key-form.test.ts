import { describe, expect, test } from 'vitest';
import { createKeyRequest, keyLimits } from '../../../../server/contract/keys.ts';
import { type KeyForm, readKeyForm } from '../../../../ui/pages/settings/key-form.ts';

const form: KeyForm = {
  ...{ name: ' Checkout ', projectId: 'shop', scopes: ['ingest', 'read'] },
  ...{ expiresInDays: '', spansPerSecond: '', spansPerDay: '' },
};

test('empty fields ask for no limit and no end', () => {
  expect(readKeyForm(form).request).toEqual({ name: 'Checkout', projectId: 'shop', scopes: ['ingest', 'read'] });
});

test('numbers may be grouped; what they make is what the server takes', () => {
  const { request } = readKeyForm({ ...form, expiresInDays: '90', spansPerSecond: '500', spansPerDay: '1,000 000' });
  expect(request).toMatchObject({ expiresInDays: 90, limits: { spansPerSecond: 500, spansPerDay: 1_000_000 } });
  expect(createKeyRequest.safeParse(request).success).toBe(true);
});

test('limits count spans: without ingest there are none', () => {
  expect(readKeyForm({ ...form, scopes: ['read'], spansPerDay: 'many' }).request).not.toHaveProperty('limits');
});

describe('each fault stands at its field', () => {
  test.each<[keyof KeyForm, Partial<KeyForm>]>([
    ['name', { name: '  ' }],
    ['name', { name: 'x'.repeat(keyLimits.nameLength + 1) }],
    ['projectId', { projectId: '' }],
    ['projectId', { projectId: 'a\u0000b' }],
    ['projectId', { projectId: 'x'.repeat(keyLimits.projectLength + 1) }],
    ['scopes', { scopes: [] }],
    ['expiresInDays', { expiresInDays: String(keyLimits.expiresInDaysMax + 1) }],
    ['spansPerSecond', { spansPerSecond: '0' }],
    ['spansPerSecond', { spansPerSecond: String(keyLimits.spansPerSecondMax + 1) }],
    ['spansPerDay', { spansPerDay: '1.5' }],
    ['spansPerDay', { spansPerDay: String(keyLimits.spansPerDayMax + 1) }],
  ])('%s: %j', (field, fields) => {
    const { request, problems } = readKeyForm({ ...form, ...fields });
    expect(request).toBeNull();
    expect(Object.keys(problems ?? {})).toEqual([field]);
  });
});
