import type { Shortcut } from '../state/shortcuts.svelte.ts';
import { panWindow, wholeTrace, zoomWindow } from './time-window.ts';
import type { TraceView } from './trace-view.svelte.ts';

const zoomFactor = 0.7;
const panShare = 0.15;

export type PageActions = { leave: () => void; find: () => void; toggleRaw: () => void };

/** The keys of the trace page, apart from those that only the focused tree has. */
export function listTraceKeys(view: TraceView, actions: PageActions): Shortcut[] {
  const isError = (index: number) => view.table.spans[index]?.status === 'error';
  const isMatch = (index: number) => view.matches?.[index] === 1;
  const zoom = (factor: number) => {
    const { fromMs, toMs } = view.window;
    const { startMs, endMs } = view.times;
    const middle = ((startMs[view.cursor] ?? fromMs) + (endMs[view.cursor] ?? toMs)) / 2;
    // What one looks at stays in view; where that is outside, the middle does.
    view.setWindow(zoomWindow(view.window, factor, middle >= fromMs && middle <= toMs ? middle : (fromMs + toMs) / 2));
  };
  const pan = (share: number) => view.setWindow(panWindow(view.window, share, view.times.lengthMs));
  const tree = (keys: string[], label: string, run: () => void): Shortcut => ({ keys, label, group: 'Trace', run });
  const time = (keys: string[], label: string, run: () => void): Shortcut => ({
    keys,
    label,
    group: 'Trace time',
    run,
  });
  return [
    tree(['j'], 'Next span (also ↓)', () => view.moveBy(1)),
    tree(['k'], 'Previous span (also ↑)', () => view.moveBy(-1)),
    tree(['e'], 'Next error', () => view.moveToNext(1, isError)),
    tree(['Shift+e'], 'Previous error', () => view.moveToNext(-1, isError)),
    tree(['/'], 'Find in trace', actions.find),
    tree(['n'], 'Next found span', () => view.moveToNext(1, isMatch)),
    tree(['Shift+n'], 'Previous found span', () => view.moveToNext(-1, isMatch)),
    tree(['o'], 'Open one level more', () => view.expandLevel()),
    tree(['p'], 'Close one level', () => view.collapseLevel()),
    tree([']'], 'Expand all', () => view.expandAll()),
    tree(['['], 'Collapse all', () => view.collapseAll()),
    tree(['f'], 'This subtree only, and back', () => view.focusOn(view.cursor)),
    tree(['r'], 'Messages as sent, and back', actions.toggleRaw),
    tree(['Escape'], 'Close the detail, the subtree, the search', actions.leave),
    time(['+', '='], 'Zoom in', () => zoom(zoomFactor)),
    time(['-'], 'Zoom out', () => zoom(1 / zoomFactor)),
    time(['Shift+ArrowLeft'], 'Earlier', () => pan(-panShare)),
    time(['Shift+ArrowRight'], 'Later', () => pan(panShare)),
    time(['0'], 'Whole trace', () => view.setWindow(wholeTrace(view.times.lengthMs))),
  ];
}
