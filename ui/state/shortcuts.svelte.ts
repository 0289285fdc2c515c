import { createContext, untrack } from 'svelte';

export interface Shortcut {
  /** As `KeyboardEvent.key`; several do the same. `Mod+k` is Command on a Mac, else Control; `g t` is one after the other. */
  keys: readonly string[];
  label: string;
  /** Heading under which `?` lists it. */
  group: string;
  run: (event: KeyboardEvent) => void;
  /** Also while typing in a field. */
  whileTyping?: boolean;
}

/** So long after the first of two keys the second one still belongs to it. */
const secondKeyMs = 1_500;

/** Who listens to which key. The one listed last wins, so that a page may take a key from the frame. */
export class Shortcuts {
  #all: readonly Shortcut[] = $state.raw([]);
  /** The first of two keys, and when it was pressed. */
  #first: { key: string; atMs: number } | null = null;

  get all(): readonly Shortcut[] {
    return this.#all;
  }

  /** Adds keys; the returned function takes them away again (return it from an `$effect`). */
  add(shortcuts: readonly Shortcut[]): () => void {
    this.#all = [...untrack(() => this.#all), ...shortcuts];
    return () => {
      this.#all = this.#all.filter((one) => !shortcuts.includes(one));
    };
  }

  /** Runs the shortcut of a key press, unless it belongs to a field, a menu or a dialog. */
  handle(event: KeyboardEvent): void {
    if (event.defaultPrevented || event.isComposing) return;
    const pressed = nameKey(event);
    const first = this.#first;
    this.#first = null;
    const inTime = first !== null && event.timeStamp - first.atMs < secondKeyMs;
    const shortcut = (inTime ? this.#find(`${first.key} ${pressed}`) : undefined) ?? this.#find(pressed);
    if (shortcut === undefined) {
      const begins = this.#all.some(({ keys }) => keys.some((key) => key.startsWith(`${pressed} `)));
      if (begins && !isTyping(event) && !isInOverlay(event)) this.#first = { key: pressed, atMs: event.timeStamp };
      return;
    }
    if (shortcut.whileTyping !== true && (isTyping(event) || isInOverlay(event))) return;
    if (pressed === 'Enter' && isOnControl(event)) return;
    event.preventDefault();
    shortcut.run(event);
  }

  #find(keys: string): Shortcut | undefined {
    return this.#all.findLast((one) => one.keys.includes(keys));
  }
}

export const [getShortcuts, setShortcuts] = createContext<Shortcuts>();

function nameKey(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.metaKey || event.ctrlKey) return `Mod+${key}`;
  if (event.altKey) return `Alt+${key}`;
  // `?` already needs Shift; letters and named keys say so.
  return event.shiftKey && (/^[a-z]$/.test(key) || key.length > 1) ? `Shift+${key}` : key;
}

function isTyping(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches('textarea, select')) return true;
  return target.matches('input:not([type=checkbox], [type=radio], [type=button], [type=range])');
}

function isInOverlay(event: KeyboardEvent): boolean {
  const target = event.target;
  return target instanceof Element && target.closest('[role=dialog], [role=menu], [role=listbox]') !== null;
}

/** Enter on a button or link is that control's own. */
function isOnControl(event: KeyboardEvent): boolean {
  return event.target instanceof Element && event.target.closest('button, a, summary, [role=slider]') !== null;
}
