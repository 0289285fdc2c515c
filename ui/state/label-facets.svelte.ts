import { type ApiFailure, type Params, isAborted, toFailure } from '../api/client.ts';
import { listLabelKeys, listLabelValues } from '../api/labels.ts';
import type { LabelsReply, LabelValuesReply } from '../api/types.ts';
import { splitLabel } from '../components/label-text.ts';

/** The label keys to filter by, and the values of those keys that are open. */
export class LabelFacets {
  /** Null until known. */
  keys: LabelsReply | null = $state.raw(null);
  /** Of the open keys; one that is missing is on its way. */
  values: ReadonlyMap<string, LabelValuesReply> = $state.raw(new Map<string, LabelValuesReply>());
  open: ReadonlySet<string> = $state.raw(new Set<string>());
  failure: ApiFailure | null = $state.raw(null);

  /** What may be typed. */
  readonly choices = $derived({
    keys: this.keys?.labels ?? [],
    values: new Map([...this.values].map(([key, reply]) => [key, reply.values])),
  });

  #params: Params = {};
  #filtered: ReadonlySet<string> = new Set();
  #controller = new AbortController();

  /** Loads keys and open values; what is shown stays until its successor is there. A key that is filtered by opens itself. */
  async load(params: Params): Promise<void> {
    this.stop();
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    this.#params = params;
    const filtered = readFilteredKeys(params);
    const added = filtered.difference(this.#filtered);
    this.#filtered = filtered;
    if (added.size > 0) this.open = this.open.union(added);
    const keys = listLabelKeys(params, signal).then((reply) => {
      this.keys = reply;
      this.failure = null;
    });
    await Promise.all([keys, ...[...this.open].map((key) => this.#readValues(key, signal))]).catch(this.#fail);
  }

  /** Opens a key and loads its values, or closes it. */
  async toggle(key: string): Promise<void> {
    const isOpen = this.open.has(key);
    this.open = isOpen ? this.open.difference(new Set([key])) : this.open.union(new Set([key]));
    if (!isOpen) await this.#readValues(key, this.#controller.signal).catch(this.#fail);
  }

  /** Loads the values of a key that is being typed; what is there already is not asked for again. */
  async offer(key: string): Promise<void> {
    if (!this.open.has(key)) await this.toggle(key);
  }

  stop(): void {
    this.#controller.abort();
  }

  readonly #fail = (error: unknown) => {
    if (!isAborted(error)) this.failure = toFailure(error);
  };

  async #readValues(key: string, signal: AbortSignal): Promise<void> {
    const reply = await listLabelValues(key, this.#params, signal);
    this.values = new Map([...this.values, [key, reply]]);
  }
}

function readFilteredKeys({ label }: Params): Set<string> {
  const texts = label === undefined || label === null ? [] : typeof label === 'object' ? label : [String(label)];
  return new Set(texts.map((text) => splitLabel(text).key));
}
