import { describe, expect, it } from 'vitest';
import * as json from '../../../collector/receive/json.ts';
import { MalformedBody } from '../../../collector/receive/otlp.ts';
import * as protobuf from '../../../collector/receive/protobuf.ts';
import { mutatedBodies, mutatedBody, type SeedBody, seedBodies } from '../../support/mutated-bodies.ts';

/** How many items can be read; -1 where none can, as the body itself is broken. */
function readable({ signal, encoding, bytes }: SeedBody): number {
  const decoder = encoding === 'json' ? json : protobuf;
  try {
    return (signal === 'traces' ? decoder.decodeTraces(bytes) : decoder.decodeLogs(bytes)).items.length;
  } catch (error) {
    if (error instanceof MalformedBody) return -1;
    throw error;
  }
}

describe('mutated bodies', () => {
  it('are made of bodies that can be read', () => {
    const seeds = seedBodies();
    expect(seeds.length).toBeGreaterThan(500);
    expect(seeds.filter((body) => readable(body) < 1)).toEqual([]);
  });

  it('are the same for the same seed, wherever one begins', () => {
    const [, , third] = mutatedBodies(7, { count: 3 });
    expect(mutatedBody(7, 2)).toEqual(third);
    expect(third?.name).toBe('7/2');
    expect([...mutatedBodies(7, { from: 2, count: 1 })]).toEqual([third]);
    expect(mutatedBody(8, 2)).not.toEqual({ ...third, name: '8/2' });
  });

  it('are broken in part: some cannot be read, many still hold items', () => {
    const counts = [...mutatedBodies(1, { count: 200 })].map(readable);
    expect(counts.filter((count) => count < 0).length).toBeGreaterThan(20);
    expect(counts.filter((count) => count > 0).length).toBeGreaterThan(60);
  });
});
