import { createHash, timingSafeEqual } from 'node:crypto';
import type { CreateKeyRequest, KeyScope, ProjectKey } from '../../contract/keys.ts';

/** A key as it is kept: the hash of its secret, 256 random bits, is all that is known of it. */
export interface StoredKey {
  keyId: string;
  projectId: string;
  name: string;
  scopes: readonly KeyScope[];
  /** SHA-256, hex. */
  hash: string;
  createdMs: number;
  createdBy: string;
  expiresMs: number | null;
  revokedMs: number | null;
  spansPerSecond: number | null;
  spansPerDay: number | null;
}

export interface KeyUse {
  lastUsedMs: number | null;
  spansToday: number;
}

const dayMs = 86_400_000;

export function newStoredKey(
  { projectId, name, scopes, expiresInDays, limits }: CreateKeyRequest,
  { keyId, secret, createdBy, nowMs }: { keyId: string; secret: string; createdBy: string; nowMs: number },
): StoredKey {
  return {
    ...{ keyId, projectId, name, scopes, createdBy },
    hash: hashSecret(secret),
    createdMs: nowMs,
    expiresMs: expiresInDays === undefined ? null : nowMs + expiresInDays * dayMs,
    revokedMs: null,
    spansPerSecond: limits?.spansPerSecond ?? null,
    spansPerDay: limits?.spansPerDay ?? null,
  };
}

/** In constant time. */
export function isSecretOf({ hash }: Pick<StoredKey, 'hash'>, secret: string): boolean {
  const [own, given] = [Buffer.from(hash, 'hex'), Buffer.from(hashSecret(secret), 'hex')];
  return own.length === given.length && timingSafeEqual(own, given);
}

export function stateOf(
  { revokedMs, expiresMs }: Pick<StoredKey, 'revokedMs' | 'expiresMs'>,
  nowMs: number,
): 'inForce' | 'revoked' | 'expired' {
  if (revokedMs !== null) return 'revoked';
  return expiresMs !== null && expiresMs <= nowMs ? 'expired' : 'inForce';
}

/** What may be shown. */
export function showKey(key: StoredKey, { lastUsedMs, spansToday }: KeyUse): ProjectKey {
  const { keyId, name, projectId, scopes, createdBy, spansPerSecond, spansPerDay } = key;
  return {
    ...{ keyId, name, projectId, scopes: [...scopes], createdBy, spansToday },
    createdUnixNano: nano(key.createdMs),
    expiresUnixNano: key.expiresMs === null ? null : nano(key.expiresMs),
    revokedUnixNano: key.revokedMs === null ? null : nano(key.revokedMs),
    lastUsedUnixNano: lastUsedMs === null ? null : nano(lastUsedMs),
    limits: { spansPerSecond, spansPerDay },
  };
}

function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

function nano(ms: number): string {
  return String(BigInt(Math.trunc(ms)) * 1_000_000n);
}
