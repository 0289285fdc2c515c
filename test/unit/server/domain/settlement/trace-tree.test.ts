import { describe, expect, it } from 'vitest';
import { TraceTree } from '../../../../../server/domain/settlement/trace-tree.ts';
import { span } from './skeletons.ts';

describe('a tree', () => {
  it('may have half a million children under one span', () => {
    const children = Array.from({ length: 500_000 }, (_, index) => span(`c${index}`, { parentSpanId: 'root' }));
    const root = span('root', { startNs: 0n });
    const tree = new TraceTree([root, ...children]);
    expect(tree.topDown().reduce((count) => count + 1, 0)).toBe(500_001);
    const [first] = tree.nearestBelow(
      span('above'),
      () => true,
      () => false,
    );
    expect(first).toBeUndefined();
    const below = tree.nearestBelow(
      root,
      ({ spanId }) => spanId === 'c499999',
      () => false,
    );
    expect(below).toHaveLength(1);
  });

  it('may be a chain of a hundred thousand spans', () => {
    const chain = Array.from({ length: 100_000 }, (_, index) =>
      span(`s${index}`, { parentSpanId: index === 0 ? '' : `s${index - 1}`, startNs: BigInt(index) }),
    );
    const last = chain.at(-1);
    const [top] = chain;
    expect(top).toBeDefined();
    if (top === undefined) return;
    const found = new TraceTree(chain).nearestBelow(
      top,
      (one) => one === last,
      () => false,
    );
    expect(found).toEqual([last]);
  });
});
