import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Gate, type Presented } from '../../../../collector/receive/authenticate.ts';
import type { Identified } from '../../../../collector/receive/key-ring.ts';
import type { SenderKey } from '../../../../collector/receive/sender-key.ts';

const internal = 'i'.repeat(32);
const text = `sg-0123456789ab-${'a'.repeat(43)}`;
const none: Presented = { authorization: [], apiKey: [], internal: [], project: [] };

function senderKey(fields: Partial<SenderKey> = {}): SenderKey {
  return {
    ...{ keyId: '0123456789ab', projectId: 'shop', name: 'n', scopes: ['ingest'], hash: '' },
    ...{ expiresMs: null, revokedMs: null, spansPerSecond: null, spansPerDay: null },
    ...fields,
  };
}

/** A gate that knows one key, whatever is presented. */
function openGate(identified: Identified = { status: 'inForce', key: senderKey() }) {
  const noted: string[] = [];
  const gate = new Gate({
    keyRing: { identify: () => Promise.resolve(identified) },
    meter: { findExcess: () => undefined, note: (keyId) => noted.push(keyId) },
    internalHash: createHash('sha256').update(internal).digest('hex'),
  });
  const enter = (presented: Partial<Presented>, purpose: 'ingest' | 'metrics' = 'ingest') =>
    gate.enter({ ...none, ...presented }, purpose);
  return { enter, noted };
}

const withKey = { apiKey: [text] };

describe('the collector’s gate', () => {
  it('takes the project from the key', async () => {
    const { enter, noted } = openGate();
    const entered = { status: 'entered', projectId: 'shop', keyId: '0123456789ab' };
    expect(await enter(withKey)).toEqual(entered);
    expect(await enter({ ...withKey, project: ['shop'] })).toEqual(entered);
    expect(await enter({ ...withKey, project: ['shop', 'shop'] })).toEqual(entered);
    expect(await enter({ authorization: [`Bearer ${text}`], apiKey: [text] })).toEqual(entered);
    expect(noted).toHaveLength(4);
  });

  it.each<[string, Partial<Presented>, number]>([
    ['nothing', {}, 401],
    ['a project alone', { project: ['shop'] }, 401],
    ['what is no key', { apiKey: ['x'] }, 401],
    ['two keys', { apiKey: [text, text.replace('0', '1')] }, 401],
    ['two different credentials', { apiKey: [text], authorization: ['Bearer x'] }, 401],
    ['another project', { ...withKey, project: ['other'] }, 403],
    ['two projects, one of which is right', { ...withKey, project: ['shop', 'other'] }, 400],
    ['an empty project', { ...withKey, project: [''] }, 400],
    ['a wrong secret of the installation', { internal: ['j'.repeat(32)] }, 401],
    ['a wrong secret beside a right key', { ...withKey, internal: [''] }, 401],
    ['two secrets', { internal: [internal, 'x'] }, 401],
  ])('refuses %s', async (_name, presented, status) => {
    const { enter, noted } = openGate();
    expect(await enter(presented)).toMatchObject({ status });
    expect(noted).toEqual([]);
  });

  it('tells what is wrong with a key only to who has its secret, and to come back when nobody can tell', async () => {
    const refusals: [Identified, number, string][] = [
      [{ status: 'unknown' }, 401, 'needs a valid key'],
      [{ status: 'expired', keyId: 'k' }, 401, 'the key k has expired'],
      [{ status: 'revoked', keyId: 'k' }, 401, 'the key k was revoked'],
      [{ status: 'unavailable' }, 503, 'ClickHouse does not answer'],
      [{ status: 'inForce', key: senderKey({ scopes: ['read', 'run'] }) }, 403, 'scope ingest; yours has read, run'],
    ];
    for (const [identified, status, message] of refusals) {
      const answer = await openGate(identified).enter(withKey);
      expect(answer).toMatchObject({ status, message: expect.stringContaining(message) as string });
      expect('retryAfterMs' in answer).toBe(status === 503);
    }
  });

  it('lets a key of every project name one', async () => {
    const { enter } = openGate({ status: 'inForce', key: senderKey({ projectId: '*', scopes: ['ingest', 'read'] }) });
    expect(await enter(withKey)).toMatchObject({ projectId: 'default' });
    expect(await enter({ ...withKey, project: ['other'] })).toMatchObject({ projectId: 'other' });
    expect(await enter(withKey, 'metrics')).toMatchObject({ status: 'entered' });
    const ofOne = openGate({ status: 'inForce', key: senderKey({ scopes: ['ingest', 'read'] }) });
    expect(await ofOne.enter(withKey, 'metrics')).toMatchObject({ status: 403 });
  });

  it('lets the programs of the installation name a project, without a key', async () => {
    const { enter, noted } = openGate({ status: 'unknown' });
    const entered = { status: 'entered', projectId: 'shop', keyId: undefined };
    expect(await enter({ internal: [internal], project: ['shop'] })).toEqual(entered);
    expect(await enter({ internal: [internal] })).toMatchObject({ projectId: 'default' });
    expect(noted).toEqual([]);
  });
});
