import type { SpanKind } from '../api/types.ts';
import type { Router } from '../state/router.svelte.ts';
import { kindLooks } from '../components/kinds.ts';
import { type TimeWindow, formatWindow, parseWindow } from './time-window.ts';

/** Browsers refuse more than some 20 history writes a second; a held key or a drag makes more. */
const writeDelayMs = 160;

type AddressChange = Partial<
  Record<'span' | 'tab' | 'view' | 'find' | 'show' | 'focus' | 'full' | 'attribute', string | null>
>;

/**
 * What the address says about the open trace. A change is seen at once and written a moment later, so that
 * keys and drags may change it as often as they like.
 */
export class TraceAddress {
  readonly #router: Router;
  #pending: AddressChange = $state.raw({});
  #timer: ReturnType<typeof setTimeout> | undefined;

  readonly span = $derived.by(() => this.#read('span'));
  readonly tab = $derived.by(() => this.#read('tab'));
  /** The attribute that is looked at. */
  readonly attribute = $derived.by(() => this.#read('attribute'));
  readonly find = $derived.by(() => this.#read('find') ?? '');
  readonly focus = $derived.by(() => this.#read('focus'));
  readonly full = $derived.by(() => this.#read('full') !== null);
  readonly window: TimeWindow | undefined = $derived.by(() => parseWindow(this.#read('view')));
  readonly #show = $derived.by(() => (this.#read('show') ?? '').split(',').filter(Boolean));
  readonly kinds: ReadonlySet<SpanKind> = $derived(new Set(this.#show.filter(isKind)));
  readonly errorsOnly = $derived(this.#show.includes('error'));

  constructor(router: Router) {
    this.#router = router;
  }

  /** Changes what the address says, in place of the present history entry; `null` removes a name. */
  change(changes: AddressChange): void {
    this.#pending = { ...this.#pending, ...changes };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), writeDelayMs);
  }

  /** The address with these changes, for a link. */
  hrefWith(changes: AddressChange): string {
    return this.#router.hrefWith({ ...this.#pending, ...changes });
  }

  /** Changes the address as a step of its own, so that going back undoes it. */
  step(changes: AddressChange): void {
    this.flush();
    this.#router.setParams(changes);
  }

  setWindow(window: TimeWindow | undefined): void {
    this.change({ view: window === undefined ? null : formatWindow(window) });
  }

  setShown(kinds: ReadonlySet<SpanKind>, errorsOnly: boolean): void {
    const names = [...(errorsOnly ? ['error'] : []), ...kinds];
    this.change({ show: names.length === 0 ? null : names.join(',') });
  }

  /** Writes what is pending now. */
  flush(): void {
    clearTimeout(this.#timer);
    const pending = this.#pending;
    if (Object.keys(pending).length === 0) return;
    this.#router.setParams(pending, { replace: true });
    this.#pending = {};
  }

  /** Forgets what is pending: the page was left, and the address is another's. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #read(name: keyof AddressChange): string | null {
    const pending = this.#pending[name];
    return pending === undefined ? this.#router.params.get(name) : pending;
  }
}

function isKind(name: string): name is SpanKind {
  return name in kindLooks;
}
