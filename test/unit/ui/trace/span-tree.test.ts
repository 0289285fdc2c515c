import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasMark, mark } from '../../../../ui/trace/span-tree.ts';
import { makeTrace } from './trace-fixture.ts';

describe('the span tree', () => {
  it('orders siblings by start, then by span id, whatever order they came in', () => {
    const { tree, names } = makeTrace(
      { id: 'c', parent: 'root', fromMs: 5 },
      { id: 'b', parent: 'root', fromMs: 2 },
      { id: 'a', parent: 'root', fromMs: 5 },
      { id: 'root', fromMs: 0, toMs: 10 },
      { id: 'under-b', parent: 'b', fromMs: 3 },
    );
    expect(names(tree.order)).toEqual(['root', 'b', 'under-b', 'a', 'c']);
    expect(Array.from(tree.order, (index) => tree.depth[index])).toEqual([0, 1, 2, 1, 1]);
    expect(tree.size[3]).toBe(5);
  });

  it('tells spans apart that began one nanosecond after the other', () => {
    const { tree, names } = makeTrace(
      { id: 'root' },
      { id: 'later', parent: 'root', startTimeUnixNano: '1795376862093000003' },
      { id: 'sooner', parent: 'root', startTimeUnixNano: '1795376862093000002' },
    );
    expect(names(tree.order)).toEqual(['root', 'sooner', 'later']);
  });

  it('shows a span without its parent at the top, marked', () => {
    const { tree, names, index } = makeTrace(
      { id: 'root', toMs: 9 },
      { id: 'lost', parent: 'never-sent', fromMs: 1 },
      { id: 'below', parent: 'lost', fromMs: 2 },
    );
    expect(names(tree.order)).toEqual(['root', 'lost', 'below']);
    expect(hasMark(tree, index('lost'), mark.orphan)).toBe(true);
    expect(tree.depth[index('lost')]).toBe(0);
    expect(hasMark(tree, index('below'), mark.orphan)).toBe(false);
  });

  it('cuts a loop at its earliest span and keeps what hangs below it', () => {
    const { tree, names, index } = makeTrace(
      { id: 'a', parent: 'c', fromMs: 3 },
      { id: 'b', parent: 'a', fromMs: 1 },
      { id: 'c', parent: 'b', fromMs: 2 },
      { id: 'hanging', parent: 'a', fromMs: 0 },
      { id: 'own-parent', parent: 'own-parent', fromMs: 9 },
    );
    expect(names(tree.order)).toEqual(['b', 'c', 'a', 'hanging', 'own-parent']);
    expect(hasMark(tree, index('b'), mark.cycle)).toBe(true);
    expect(hasMark(tree, index('own-parent'), mark.cycle)).toBe(true);
    expect(hasMark(tree, index('c'), mark.cycle)).toBe(false);
  });

  it('marks children outside their parent, ends before starts and missing ends', () => {
    const { tree, times, index } = makeTrace(
      { id: 'root', fromMs: 10, toMs: 20 },
      { id: 'early', parent: 'root', fromMs: 5, toMs: 12 },
      { id: 'late', parent: 'root', fromMs: 15, toMs: 25 },
      { id: 'backwards', parent: 'root', fromMs: 15, toMs: 14 },
      { id: 'running', parent: 'root', fromMs: 16, endTimeUnixNano: '0' },
    );
    const marked = (id: string) => tree.marks[index(id)];
    expect(marked('early')).toBe(mark.startsBeforeParent);
    expect(marked('late')).toBe(mark.endsAfterParent);
    expect(marked('backwards')).toBe(mark.negative);
    expect(marked('running')).toBe(mark.noEnd);
    expect(times.endMs[index('backwards')]).toBe(times.startMs[index('backwards')]);
  });

  it('counts errors below a span', () => {
    const { tree, index } = makeTrace(
      { id: 'root', status: 'error' },
      { id: 'step', parent: 'root', status: 'error' },
      { id: 'tool', parent: 'step', status: 'error' },
    );
    expect(tree.errorsBelow[index('root')]).toBe(2);
    expect(tree.errorsBelow[index('tool')]).toBe(0);
  });

  it('shows every span exactly once below its parent, whatever the parent ids say', () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    const span = fc.record({ parent: fc.constantFrom(...ids, 'gone'), fromMs: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(span, { minLength: 6, maxLength: 6 }), (spans) => {
        const { tree } = makeTrace(...spans.map((one, place) => ({ ...one, id: ids[place] ?? '' })));
        expect(Array.from(tree.order).toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
        for (const index of tree.order) {
          const above = tree.parent[index] ?? -1;
          if (above < 0) continue;
          const gap = (tree.place[index] ?? 0) - (tree.place[above] ?? 0);
          expect(gap).toBeGreaterThan(0);
          expect(gap).toBeLessThan(tree.size[above] ?? 0);
        }
      }),
    );
  });

  it('builds a chain of 100,000 spans', () => {
    const chain = Array.from({ length: 100_000 }, (_, level) => ({
      id: `s${level}`,
      fromMs: level,
      toMs: 200_000 - level,
      ...(level > 0 && { parent: `s${level - 1}` }),
    }));
    const { tree, index } = makeTrace(...chain);
    expect(tree.depth[index('s99999')]).toBe(99_999);
    expect(tree.size[index('s0')]).toBe(100_000);
  });
});
