import { describe, expect, it } from 'vitest';
import { withoutVectors } from '../../../../collector/map/vectors.ts';

describe('vectors', () => {
  it('are described by their length', () => {
    const vector = Array.from({ length: 16 }, (_, at) => at / 2);
    expect(withoutVectors({ data: [{ embedding: vector, index: 0 }], few: [1, 2] })).toEqual({
      data: [{ embedding: { dimensions: 16 }, index: 0 }],
      few: [1, 2],
    });
  });

  it('may be packed', () => {
    const packed = Buffer.from(new Float32Array(20).buffer).toString('base64');
    expect(withoutVectors({ embedding: packed, text: packed })).toEqual({
      embedding: { dimensions: 20 },
      text: packed,
    });
    expect(withoutVectors({ embedding: 'not one' })).toEqual({ embedding: 'not one' });
  });
});
