import { describe, expect, it } from 'vitest';
import { KeyMeter, type KeyUse } from '../../../../collector/receive/key-meter.ts';
import type { SenderKey } from '../../../../collector/receive/sender-key.ts';

const dayMs = 86_400_000;
const day = 20_000;

function senderKey(limits: Partial<SenderKey>): SenderKey {
  return {
    ...{ keyId: 'k', projectId: 'shop', name: 'CI', scopes: ['ingest'], hash: '', expiresMs: null, revokedMs: null },
    ...{ spansPerSecond: null, spansPerDay: null },
    ...limits,
  };
}

function openMeter() {
  const clock = { nowMs: day * dayMs + 1_000, isAway: false };
  const saved: { uses: readonly KeyUse[]; token: string }[] = [];
  let token = 0;
  const meter = new KeyMeter({
    save: (uses, name) => {
      saved.push({ uses, token: name });
      return clock.isAway ? Promise.reject(new Error('away')) : Promise.resolve();
    },
    newToken: () => String(++token),
    nowMs: () => clock.nowMs,
    onError: () => undefined,
  });
  return { meter, clock, saved };
}

describe('a rate', () => {
  const key = senderKey({ spansPerSecond: 10 });

  it('lets ten seconds’ worth through at once, and then as much as it says', () => {
    const { meter, clock } = openMeter();
    expect(meter.findExcess(key)).toBeUndefined();
    meter.note('k', 100);
    expect(meter.findExcess(key)).toMatchObject({ status: 429, message: 'key k (CI) takes 10 spans a second' });
    clock.nowMs += 1_000;
    expect(meter.findExcess(key)).toBeUndefined();
    meter.note('k', 10);
    expect(meter.findExcess(key)).toMatchObject({ retryAfterMs: 100 });
  });

  it('takes a large request whole, and waits until it is paid off', () => {
    const { meter, clock } = openMeter();
    expect(meter.findExcess(key)).toBeUndefined();
    meter.note('k', 400);
    expect(meter.findExcess(key)).toMatchObject({ retryAfterMs: 30_100 });
    clock.nowMs += 30_000;
    expect(meter.findExcess(key)?.status).toBe(429);
    clock.nowMs += 100;
    expect(meter.findExcess(key)).toBeUndefined();
  });

  it('is each key’s own, gains nothing when the clock goes back, and ends when the key has none', () => {
    const { meter, clock } = openMeter();
    meter.findExcess(key);
    meter.note('k', 100);
    clock.nowMs -= 3_600_000;
    expect(meter.findExcess(key)?.status).toBe(429);
    expect(meter.findExcess({ ...key, keyId: 'other' })).toBeUndefined();
    expect(meter.findExcess(senderKey({}))).toBeUndefined();
  });
});

describe('a daily limit', () => {
  const key = senderKey({ spansPerDay: 100 });

  it('counts what is stored and what is not yet, and begins anew at midnight UTC', async () => {
    const { meter, clock } = openMeter();
    meter.setStored(day, new Map([['k', 60]]));
    meter.note('k', 39);
    expect(meter.findExcess(key)).toBeUndefined();
    meter.note('k', 1);
    expect(meter.findExcess(key)).toMatchObject({ status: 429, retryAfterMs: dayMs - 1_000 });
    await meter.save();
    expect(meter.findExcess(key)?.message).toContain('has sent its 100 spans of today');
    clock.nowMs += dayMs;
    expect(meter.findExcess(key)).toBeUndefined();
  });

  it('keeps its count while ClickHouse is away, and adds it once when it is back', async () => {
    const { meter, clock, saved } = openMeter();
    clock.isAway = true;
    meter.note('k', 70);
    await meter.save();
    meter.note('k', 30);
    await meter.save();
    expect(meter.findExcess(key)?.status).toBe(429);
    clock.isAway = false;
    await meter.close();
    const byToken = new Map(saved.map(({ uses, token }) => [token, uses.reduce((sum, { spans }) => sum + spans, 0)]));
    expect(byToken).toEqual(
      new Map([
        ['1', 70],
        ['2', 30],
      ]),
    );
    expect(meter.findExcess(key)?.status).toBe(429);
  });
});

it('counts what the intake has stored or spooled under a key, and nothing else', () => {
  const { meter } = openMeter();
  const key = senderKey({ spansPerDay: 8 });
  const visitor = { signal: 'traces', protocol: 'grpc', projectId: 'shop', userAgent: undefined, keyId: 'k' } as const;
  const taken = new Map([
    ['a', 3],
    ['b', 1],
  ]);
  const held = { bytes: 1, seconds: 1, refusedRows: 0, findings: { taken, rejects: [] } };
  meter.listener.onHeld(visitor, { ...held, fate: 'not_kept' });
  meter.listener.onHeld({ ...visitor, keyId: undefined }, { ...held, fate: 'stored' });
  meter.listener.onHeld(visitor, { ...held, fate: 'stored' });
  expect(meter.findExcess(key)).toBeUndefined();
  meter.listener.onHeld(visitor, { ...held, fate: 'spooled' });
  expect(meter.findExcess(key)?.status).toBe(429);
});
