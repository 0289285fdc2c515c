import { createHash, timingSafeEqual } from 'node:crypto';

/** What a request presents to be let in, as the server reads it too; `conflicting`: more than one, and not the same. */
export type Presented =
  { status: 'none' } | { status: 'unreadable' } | { status: 'conflicting' } | { status: 'key'; credential: Credential };

export interface Credential {
  keyId: string;
  secret: string;
}

const keyText = /^sg-([0-9a-f]{12})-([A-Za-z0-9_-]{43})$/;
const secretText = /^[A-Za-z0-9_-]{43}$/;
/** No header that holds a key is as long. */
const headerLengthMax = 400;

function formatKey({ keyId, secret }: Credential): string {
  return `sg-${keyId}-${secret}`;
}

/** Undefined: this is no key. */
function parseKey(text: string): Credential | undefined {
  const [, keyId, secret] = keyText.exec(text) ?? [];
  return keyId === undefined || secret === undefined ? undefined : { keyId, secret };
}

/**
 * Reads `Authorization: Bearer KEY`, Basic `key-id:secret` (where the secret may be the whole key) and `x-api-key: KEY`. Whoever
 * sends two must send the same twice: which of them counts would else be a guess.
 */
export function readCredential(headers: { authorization: string | undefined; apiKey: string | undefined }): Presented {
  const { authorization, apiKey } = headers;
  const given = [
    ...(authorization === undefined ? [] : [readAuthorization(authorization)]),
    ...(apiKey === undefined ? [] : [parseKey(apiKey.slice(0, headerLengthMax).trim())]),
  ];
  const [first, second] = given;
  if (given.length === 0) return { status: 'none' };
  if (first === undefined || given.includes(undefined)) return { status: 'unreadable' };
  if (second !== undefined && formatKey(first) !== formatKey(second)) return { status: 'conflicting' };
  return { status: 'key', credential: first };
}

function readAuthorization(header: string): Credential | undefined {
  const [, scheme = '', value = ''] = /^([A-Za-z]+) +(\S+) *$/.exec(header.slice(0, headerLengthMax)) ?? [];
  if (scheme.toLowerCase() === 'bearer') return parseKey(value);
  return scheme.toLowerCase() === 'basic' ? readBasic(value) : undefined;
}

function readBasic(encoded: string): Credential | undefined {
  const text = Buffer.from(encoded, 'base64').toString('latin1');
  const colon = text.indexOf(':');
  const [keyId, password] = [text.slice(0, colon), text.slice(colon + 1)];
  if (colon < 0) return undefined;
  const whole = parseKey(password);
  if (whole !== undefined) return whole.keyId === keyId ? whole : undefined;
  return secretText.test(password) ? parseKey(formatKey({ keyId, secret: password })) : undefined;
}

/** Whether the SHA-256 of a secret is this one (hex); in constant time. */
export function isSecretOf({ hash }: { hash: string }, secret: string): boolean {
  const [own, given] = [Buffer.from(hash, 'hex'), createHash('sha256').update(secret).digest()];
  return own.length === given.length && timingSafeEqual(own, given);
}
