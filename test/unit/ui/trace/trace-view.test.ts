import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TraceSummary } from '../../../../ui/api/types.ts';
import type { Router } from '../../../../ui/state/router.svelte.ts';
import { TraceAddress } from '../../../../ui/trace/trace-address.svelte.ts';
import { TraceView } from '../../../../ui/trace/trace-view.svelte.ts';
import { makeSpan } from './trace-fixture.ts';

const spans = [
  makeSpan({ id: 'agent', kind: 'agent', toMs: 100 }),
  makeSpan({ id: 'step', parent: 'agent', kind: 'chain', fromMs: 1, toMs: 50 }),
  makeSpan({ id: 'chat', parent: 'step', kind: 'llm', fromMs: 2, toMs: 20 }),
  makeSpan({ id: 'tool', parent: 'step', kind: 'tool', status: 'error', fromMs: 30, toMs: 40 }),
  makeSpan({ id: 'later', parent: 'agent', kind: 'chain', fromMs: 60, toMs: 80 }),
];

/** What a router is to an address; `written` are the history entries. */
function makeView(search = '', { isWide = true } = {}) {
  const written: string[] = [];
  const router = {
    params: new URLSearchParams(search),
    setParams(changes: Record<string, string | null>, options?: { replace?: boolean }) {
      const params = new URLSearchParams(router.params);
      for (const [name, value] of Object.entries(changes)) {
        if (value === null) params.delete(name);
        else params.set(name, value);
      }
      router.params = params;
      written.push(`${options?.replace === true ? 'replace' : 'push'} ${params.toString()}`);
    },
  };
  const view = new TraceView(new TraceAddress(router as unknown as Router), () => isWide); // all of it that an address uses
  view.add({} as TraceSummary, spans, true); // the summary is only passed on
  const shown = () => Array.from(view.rows, (index) => view.getSpan(index)?.spanId);
  return { view, written, shown, index: (id: string) => view.table.indexOf(id) };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the view of a trace', () => {
  it('opens the first span where there is room, and none on a narrow screen', () => {
    expect(makeView().view.openedSpan?.spanId).toBe('agent');
    expect(makeView('', { isWide: false }).view.openedSpan).toBeUndefined();
    expect(makeView('span=chat', { isWide: false }).view.openedSpan?.spanId).toBe('chat');
  });

  it('writes a held key into the address once, in place of the entry that is there', () => {
    const { view, written } = makeView();
    for (let press = 0; press < 3; press++) view.moveBy(1);
    expect(view.openedSpan?.spanId).toBe('tool');
    expect(written).toEqual([]);
    vi.runAllTimers();
    expect(written).toEqual(['replace span=tool']);
    expect(view.openedSpan?.spanId).toBe('tool');
  });

  it('makes opening a span from the list a step that going back undoes', () => {
    const { view, written, index } = makeView('', { isWide: false });
    view.open(index('chat'));
    expect(written).toEqual(['push span=chat']);
    view.close();
    vi.runAllTimers();
    expect(written.at(-1)).toBe('replace ');
    expect(view.openedSpan).toBeUndefined();
    expect(view.cursor).toBe(index('chat'));
  });

  it('moves without opening while the detail is closed', () => {
    const { view, index } = makeView();
    view.close();
    view.moveBy(2);
    expect([view.opened, view.cursor]).toEqual([-1, index('chat')]);
  });

  it('goes to the next error through what is collapsed, and around the end', () => {
    const { view, index } = makeView();
    view.collapseAll();
    view.moveToNext(1, (one) => view.getSpan(one)?.status === 'error');
    expect(view.cursor).toBe(index('tool'));
    expect(view.cursorRow).toBeGreaterThan(0);
    view.moveToNext(1, (one) => view.getSpan(one)?.status === 'error');
    expect(view.cursor).toBe(index('tool'));
  });

  it('leaves what was collapsed alone while a filter shows all that it found', () => {
    const { view, shown, index } = makeView();
    view.toggle(index('step'));
    expect(shown()).toEqual(['agent', 'step', 'later']);
    view.setFilter({ kinds: new Set(['llm']) });
    expect(shown()).toEqual(['agent', 'step', 'chat']);
    expect(view.matchCount).toBe(1);
    view.setFilter({ kinds: new Set() });
    expect(shown()).toEqual(['agent', 'step', 'later']);
  });

  it('shows one subtree over its own time, and leaves it for a span outside', () => {
    const { view, shown, index } = makeView();
    view.focusOn(index('step'));
    expect(shown()).toEqual(['step', 'chat', 'tool']);
    expect(view.window).toEqual({ fromMs: 1, toMs: 50 });
    view.open(index('later'));
    expect(shown()).toHaveLength(5);
  });

  it('reads filter, zoom and subtree from a link, and ignores what makes no sense', () => {
    const { view } = makeView('show=error,llm,nonsense&view=10-40&focus=gone&find=');
    expect([...view.filter.kinds]).toEqual(['llm']);
    expect(view.filter.errorsOnly).toBe(true);
    expect(view.window).toEqual({ fromMs: 10, toMs: 40 });
    expect(view.focus).toBe(-1);
    expect(makeView('view=9-3').view.isZoomed).toBe(false);
    expect(makeView('view=5000-9000').view.window.toMs).toBe(100);
  });

  it('keeps the selection when spans come in before it', () => {
    const { view, index } = makeView('span=chat');
    const before = view.cursorRow;
    view.add({} as TraceSummary, [makeSpan({ id: 'early', parent: 'step', fromMs: 1.5 })], true); // the summary is only passed on
    expect(view.openedSpan?.spanId).toBe('chat');
    expect(view.opened).toBe(index('chat'));
    expect(view.cursorRow).toBe(before + 1);
  });
});
