import { describe, expect, it } from 'vitest';
import { getSelfTimeMs } from '../../../../ui/trace/self-time.ts';
import { SpanSearch, splitAtMatches } from '../../../../ui/trace/span-search.ts';
import {
  collapseAll,
  collapseLevel,
  expandLevel,
  keepWithAncestors,
  listVisibleRows,
  revealSpan,
} from '../../../../ui/trace/visible-rows.ts';
import { makeSpan, makeTrace } from './trace-fixture.ts';

const given = () =>
  makeTrace(
    { id: 'agent', kind: 'agent', toMs: 100 },
    { id: 'step', parent: 'agent', kind: 'chain', fromMs: 1, toMs: 50 },
    { id: 'chat', parent: 'step', kind: 'llm', requestModel: 'GPT-Mini', fromMs: 2, toMs: 20 },
    { id: 'lookup', parent: 'step', kind: 'tool', status: 'error', fromMs: 30, toMs: 40 },
    { id: 'later', parent: 'agent', kind: 'chain', fromMs: 60, toMs: 80 },
  );
const all = { text: '', kinds: new Set<never>(), errorsOnly: false };

describe('visible rows', () => {
  it('leave out what is below a collapsed span', () => {
    const { tree, names, index } = given();
    const rows = listVisibleRows(tree, { collapsed: new Set([index('step')]), focus: -1 });
    expect(names(rows)).toEqual(['agent', 'step', 'later']);
  });

  it('are one subtree when a span has the focus', () => {
    const { tree, names, index } = given();
    const rows = listVisibleRows(tree, { collapsed: new Set(), focus: index('step') });
    expect(names(rows)).toEqual(['step', 'chat', 'lookup']);
  });

  it('keep the ancestors of what a search finds, in any case and by model', () => {
    const { table, tree, names } = given();
    const matches = new SpanSearch().find(table, { ...all, text: 'gpt MINI' });
    const keep = keepWithAncestors(tree, matches);
    expect(names(listVisibleRows(tree, { collapsed: new Set(), keep, focus: -1 }))).toEqual(['agent', 'step', 'chat']);
  });

  it('follow kind and error filters together', () => {
    const { table, names } = given();
    const search = new SpanSearch();
    const found = (filter: Partial<Parameters<SpanSearch['find']>[1]>) =>
      names(Array.from(search.find(table, { ...all, ...filter }).entries()).flatMap(([i, m]) => (m ? [i] : [])));
    expect(found({ kinds: new Set(['tool', 'llm']) })).toEqual(['chat', 'lookup']);
    expect(found({ errorsOnly: true })).toEqual(['lookup']);
    expect(found({ errorsOnly: true, kinds: new Set(['llm']) })).toEqual([]);
  });

  it('search what a span says after it was sent again', () => {
    const { table } = given();
    const search = new SpanSearch();
    search.find(table, { ...all, text: 'chat' });
    table.add([makeSpan({ id: 'chat', parent: 'step', name: 'renamed' })]);
    expect(Array.from(search.find(table, { ...all, text: 'renamed' }))).toEqual([0, 0, 1, 0, 0]);
  });

  it('open and close level by level', () => {
    const { tree, names } = given();
    const shown = (collapsed: ReadonlySet<number>) => listVisibleRows(tree, { collapsed, focus: -1 });
    const closed = collapseAll(tree);
    expect(names(shown(closed))).toEqual(['agent']);
    const once = expandLevel(tree, closed);
    expect(names(shown(once))).toEqual(['agent', 'step', 'later']);
    const twice = expandLevel(tree, once);
    expect(shown(twice)).toHaveLength(5);
    expect(names(shown(collapseLevel(tree, shown(twice), twice)))).toEqual(['agent', 'step', 'later']);
  });

  it('open whatever hides a span that was linked to', () => {
    const { tree, index } = given();
    const collapsed = collapseAll(tree);
    const opened = revealSpan(tree, collapsed, index('chat'));
    expect(opened.has(index('step')) || opened.has(index('agent'))).toBe(false);
    expect(revealSpan(tree, opened, index('chat'))).toBe(opened);
  });
});

describe('self time', () => {
  it('counts overlapping children once and what sticks out not at all', () => {
    const { tree, times, index } = makeTrace(
      { id: 'root', fromMs: 10, toMs: 110 },
      { id: 'a', parent: 'root', fromMs: 20, toMs: 50 },
      { id: 'inside-a', parent: 'root', fromMs: 25, toMs: 30 },
      { id: 'b', parent: 'root', fromMs: 40, toMs: 60 },
      { id: 'early', parent: 'root', fromMs: 0, toMs: 15 },
      { id: 'late', parent: 'root', fromMs: 100, toMs: 300 },
    );
    expect(getSelfTimeMs(tree, times, index('root'))).toBeCloseTo(100 - 5 - 40 - 10);
  });
});

describe('marking a search', () => {
  it('marks every word and loses no letter', () => {
    expect(splitAtMatches('Chat with chatty', ['chat'])).toEqual([
      { text: 'Chat', match: true },
      { text: ' with ', match: false },
      { text: 'chat', match: true },
      { text: 'ty', match: false },
    ]);
    expect(splitAtMatches('İstanbul', ['i'])).toEqual([{ text: 'İstanbul', match: false }]);
  });
});
