import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../../../collector/lossless-json.ts';
import { storeDefinitions, storeMessages, weekOf } from '../../../../collector/map/store-messages.ts';
import type { MessageRow } from '../../../../migrations/schema.ts';

const bucket = { projectId: 'p', week: 7, conversation: 'c', seenNs: 5n };
const message = { role: 'user', parts: [{ type: 'text', content: 'hi' }] };

function dateOf(days: number): string {
  return new Date(days * 86_400_000).toISOString().slice(0, 10);
}

describe('weekOf', () => {
  it.each([
    ['2026-11-22T23:59:59.999Z', '2026-11-16'], // Sunday
    ['2026-11-23T00:00:00.000Z', '2026-11-23'], // Monday
    ['2026-11-25T12:00:00.000Z', '2026-11-23'],
    ['2024-02-29T12:00:00.000Z', '2024-02-26'],
    ['2025-01-01T00:00:00.000Z', '2024-12-30'],
    ['1970-01-05T00:00:00.000Z', '1970-01-05'],
  ])('of %s begins on %s', (time, monday) => {
    expect(dateOf(weekOf(BigInt(Date.parse(time)) * 1_000_000n))).toBe(monday);
  });

  it('ends with the last nanosecond of Sunday', () => {
    const midnight = BigInt(Date.parse('2026-11-23T00:00:00Z')) * 1_000_000n;
    expect(weekOf(midnight) - weekOf(midnight - 1n)).toBe(7);
  });
});

describe('storeMessages', () => {
  it('stores a message under the hash of its body', () => {
    const rows: MessageRow[] = [];
    const hashes = storeMessages([message, message], bucket, rows);
    const body = JSON.stringify(message);
    const hash = createHash('sha256').update(body).digest().subarray(0, 16);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toEqual({ project_id: 'p', week: 7, conversation: 'c', hash, seen: 5n, role: 'user', body });
    expect(hashes.map((given) => Buffer.from(given).equals(hash))).toEqual([true, true]);
  });

  it('stores a tool definition as it was sent, digits included', () => {
    const rows: MessageRow[] = [];
    storeDefinitions([parseJson('{"name":"f","max":12345678901234567890}')], bucket, rows);
    expect(rows[0]).toMatchObject({ role: 'tool_definition', body: '{"name":"f","max":12345678901234567890}' });
  });
});
