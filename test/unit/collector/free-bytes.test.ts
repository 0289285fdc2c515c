import { describe, expect, it } from 'vitest';
import { freeBytes } from '../../../collector/free-bytes.ts';

describe('freeBytes', () => {
  it('empties bytes that have a buffer of their own', () => {
    const bytes = Buffer.allocUnsafeSlow(100);
    const { buffer } = bytes;
    freeBytes(bytes);
    expect([bytes.length, buffer.byteLength]).toEqual([0, 0]);
    freeBytes(bytes);
    expect(bytes).toHaveLength(0);
  });

  it('leaves bytes alone that share their buffer, and those that threads share', () => {
    const whole = Buffer.alloc(100, 1);
    const part = whole.subarray(0, 99);
    freeBytes(part);
    expect([part.length, whole.length, part[0]]).toEqual([99, 100, 1]);
    const shared = new Uint8Array(new SharedArrayBuffer(10));
    freeBytes(shared);
    expect(shared).toHaveLength(10);
  });
});
