import { describe, expect, it } from 'vitest';
import { formatKey, parseKey, readCredential } from '../../../../../server/domain/keys/credentials.ts';

const credential = { keyId: '0123456789ab', secret: `${'A'.repeat(40)}-_9` };
const key = formatKey(credential);
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
const read = (authorization: string | undefined, apiKey?: string) => readCredential({ authorization, apiKey });

describe('what a request presents', () => {
  it.each([
    ['Bearer', `Bearer ${key}`, undefined],
    ['bearer in small letters, with spaces', `bearer   ${key} `, undefined],
    ['Basic with the secret', basic(`${credential.keyId}:${credential.secret}`), undefined],
    ['Basic with the whole key', basic(`${credential.keyId}:${key}`), undefined],
    ['x-api-key', undefined, ` ${key} `],
    ['the same key twice', `Bearer ${key}`, key],
    ['the same key in two forms', basic(`${credential.keyId}:${credential.secret}`), key],
  ])('reads %s', (_name, authorization, apiKey) => {
    expect(read(authorization, apiKey)).toEqual({ status: 'key', credential });
  });

  it.each([
    ['another scheme', `Digest ${key}`],
    ['no scheme', key],
    ['an empty header', ''],
    ['two keys in one header', `Bearer ${key}, Bearer ${key}`],
    ['a key that is longer', `Bearer ${key}x`],
    ['another prefix', `Bearer ${key.replace('sg-', 'sk-')}`],
    ['Basic of another key id', basic(`ba9876543210:${key}`)],
    ['Basic without a colon', basic(credential.secret)],
    ['Basic without a user', basic(`:${key}`)],
    ['a line break in the key', `Bearer ${key}\n`],
  ])('does not read %s', (_name, authorization) => {
    expect(read(authorization)).toEqual({ status: 'unreadable' });
  });

  it('does not choose between two keys, nor between a key and something else', () => {
    const other = formatKey({ ...credential, keyId: 'ba9876543210' });
    expect(read(`Bearer ${key}`, other)).toEqual({ status: 'conflicting' });
    expect(read(`Bearer ${key}`, 'lsv2_something')).toEqual({ status: 'unreadable' });
    expect(read(undefined, `${key}, ${key}`)).toEqual({ status: 'unreadable' });
  });

  it('reads nothing where nothing is', () => {
    expect(read(undefined)).toEqual({ status: 'none' });
    expect(parseKey('')).toBeUndefined();
  });
});
