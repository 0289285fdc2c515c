import { describe, expect, it } from 'vitest';
import { BodyRooms } from '../../../../collector/receive/body-rooms.ts';

const megabyte = 1024 * 1024;

describe('the rooms of bodies', () => {
  it('are lent again when they were given back, to a body of about their size', () => {
    const rooms = new BodyRooms();
    const first = rooms.lend(5 * megabyte);
    rooms.takeBack(first.subarray(0, 5 * megabyte));
    expect(rooms.lend(2 * megabyte).buffer).not.toBe(first.buffer);
    expect(rooms.lend(5 * megabyte - 9).buffer).toBe(first.buffer);
    expect(rooms.lend(5 * megabyte).buffer).not.toBe(first.buffer);
  });

  it('are never lent twice at a time, however often they are given back', () => {
    const rooms = new BodyRooms();
    const one = rooms.lend(megabyte);
    rooms.takeBack(one);
    rooms.takeBack(one);
    const [a, b] = [rooms.lend(megabyte), rooms.lend(megabyte)];
    expect(a.buffer).toBe(one.buffer);
    expect(b.buffer).not.toBe(a.buffer);
  });

  it('leave alone what was not lent, and what is too small to be kept', () => {
    const rooms = new BodyRooms();
    const strange = Buffer.allocUnsafeSlow(megabyte);
    rooms.takeBack(strange);
    const small = rooms.lend(1_000);
    expect(small).toHaveLength(1_000);
    rooms.takeBack(small);
    expect(rooms.lend(megabyte).buffer).not.toBe(strange.buffer);
    expect(rooms.lend(1_000).buffer).not.toBe(small.buffer);
  });

  it('keep no more than their limit for later, and give back the memory of others at once', () => {
    const rooms = new BodyRooms();
    const lent = Array.from({ length: 10 }, () => rooms.lend(10 * megabyte));
    for (const room of lent) rooms.takeBack(room);
    expect(lent.filter(({ length }) => length > 0)).toHaveLength(4);
    const again = Array.from({ length: 10 }, () => rooms.lend(10 * megabyte));
    const known = new Set(lent.map(({ buffer }) => buffer));
    expect(again.filter(({ buffer }) => known.has(buffer))).toHaveLength(4);
  });
});
