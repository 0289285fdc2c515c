import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newStoredKey, type StoredKey } from '../../../../server/domain/keys/stored-key.ts';
import { KeyRing, keyRingLimits } from '../../../../server/keys/key-ring.ts';

const secret = 'a'.repeat(43);
const credential = { keyId: '0123456789ab', secret };
const startMs = 1_795_000_000_000;

function storedKey(fields: Partial<StoredKey> = {}): StoredKey {
  const request = { projectId: 'p', name: 'n', scopes: ['read' as const] };
  return { ...newStoredKey(request, { ...credential, createdBy: 'command', nowMs: startMs }), ...fields };
}

/** A ring on keys that a test can change; with `keys` undefined the database is away. */
function openRing(keys: StoredKey[] | undefined) {
  const source = { keys, loads: 0, uses: [] as ReadonlyMap<string, number>[] };
  const ring = new KeyRing({
    load: () => {
      source.loads += 1;
      return source.keys === undefined ? Promise.reject(new Error('away')) : Promise.resolve(source.keys);
    },
    saveUses: (uses) => {
      source.uses.push(uses);
      return Promise.resolve();
    },
    nowMs: () => Date.now(),
    onError: () => undefined,
  });
  return { ring, source };
}

beforeEach(() => {
  vi.useFakeTimers({ now: startMs });
});
afterEach(() => {
  vi.useRealTimers();
});

async function settle<Result>(promise: Promise<Result>): Promise<Result> {
  await vi.advanceTimersByTimeAsync(keyRingLimits.askGapMs);
  return promise;
}

describe('the ring of keys', () => {
  it('knows a key by its secret, and costs no query', async () => {
    const { ring, source } = openRing([storedKey()]);
    await ring.start();
    for (let i = 0; i < 100; i++) expect(await ring.identify(credential)).toMatchObject({ status: 'inForce' });
    expect(source.loads).toBe(1);
    expect(await settle(ring.identify({ ...credential, secret: 'b'.repeat(43) }))).toEqual({ status: 'unknown' });
  });

  it('says of a right secret that its key has expired or was revoked', async () => {
    const { ring, source } = openRing([storedKey({ expiresMs: startMs })]);
    await ring.start();
    expect(await ring.identify(credential)).toMatchObject({ status: 'expired' });
    source.keys = [storedKey({ revokedMs: startMs })];
    await vi.advanceTimersByTimeAsync(keyRingLimits.refreshMs + keyRingLimits.askGapMs);
    expect(await ring.identify(credential)).toMatchObject({ status: 'revoked' });
  });

  it('finds a key that was made a moment ago', async () => {
    const { ring, source } = openRing([]);
    await ring.start();
    source.keys = [storedKey()];
    expect(await settle(ring.identify(credential))).toMatchObject({ status: 'inForce' });
  });

  it('asks once for a flood of wrong keys, and tells those beyond the limit to come back', async () => {
    const { ring, source } = openRing([]);
    await ring.start();
    const flood = Array.from({ length: keyRingLimits.waitingMax + 10 }, () => ring.identify(credential));
    const answers = await settle(Promise.all(flood));
    expect(source.loads).toBe(2);
    expect(answers.filter(({ status }) => status === 'unknown')).toHaveLength(keyRingLimits.waitingMax);
    expect(answers.filter(({ status }) => status === 'unavailable')).toHaveLength(10);
  });

  it('goes on with known keys while the database is away, for a time, and cannot tell of others', async () => {
    const { ring, source } = openRing([storedKey()]);
    await ring.start();
    source.keys = undefined;
    await vi.advanceTimersByTimeAsync(keyRingLimits.staleMs - 1_000);
    expect(await ring.identify(credential)).toMatchObject({ status: 'inForce' });
    const other = { ...credential, keyId: 'ba9876543210' };
    expect(await settle(ring.identify(other))).toEqual({ status: 'unavailable' });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await settle(ring.identify(credential))).toEqual({ status: 'unavailable' });
    expect(ring.recall(credential.keyId)).toEqual({ status: 'unavailable' });
  });

  it('tells who watches a key when it is no longer in force, once', async () => {
    const { ring, source } = openRing([storedKey()]);
    await ring.start();
    const [ended, left] = [vi.fn(), vi.fn()];
    ring.watch(credential.keyId, ended);
    ring.watch(credential.keyId, left)();
    await vi.advanceTimersByTimeAsync(2 * keyRingLimits.refreshMs);
    expect(ended).not.toHaveBeenCalled();
    source.keys = [storedKey({ revokedMs: startMs })];
    await vi.advanceTimersByTimeAsync(3 * keyRingLimits.refreshMs);
    expect(ended).toHaveBeenCalledTimes(1);
    expect(left).not.toHaveBeenCalled();
  });

  it('writes down when keys were used', async () => {
    const { ring, source } = openRing([storedKey()]);
    await ring.start();
    await ring.identify(credential);
    await ring.close();
    expect(source.uses).toEqual([new Map([[credential.keyId, startMs]])]);
  });
});
