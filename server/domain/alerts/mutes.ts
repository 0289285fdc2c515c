/** A silence or an acknowledgement, as far as it concerns one group. */
export interface Mute {
  kind: 'silence' | 'acknowledgement';
  projectId: string;
  ruleId: string;
  /** null: all groups. */
  groupKey: string | null;
  /** Of a silence its end, of an acknowledgement the beginning of the firing. */
  atMs: number;
  author: string;
}

/** Which groups are silenced, and who looks after which firing. */
export class Mutes {
  readonly #silences = new Map<string, number>();
  readonly #acknowledgements = new Map<string, { atMs: number; author: string }>();

  constructor(mutes: readonly Mute[]) {
    for (const one of mutes) {
      const key = keyOf(one, one.groupKey);
      if (one.kind === 'silence') this.#silences.set(key, Math.max(one.atMs, this.#silences.get(key) ?? 0));
      else this.#acknowledgements.set(key, one);
    }
  }

  /** null: it is not silenced at that moment. */
  silencedUntil(rule: { projectId: string; ruleId: string }, groupKey: string, atMs: number): number | null {
    const ends = [null, groupKey].map((key) => this.#silences.get(keyOf(rule, key)) ?? 0);
    const endMs = Math.max(...ends);
    return endMs > atMs ? endMs : null;
  }

  /** Of the firing that began at `sinceMs`. */
  acknowledgedBy(rule: { projectId: string; ruleId: string }, groupKey: string, sinceMs: number): string | null {
    const found = this.#acknowledgements.get(keyOf(rule, groupKey));
    return found?.atMs === sinceMs ? found.author : null;
  }
}

function keyOf({ projectId, ruleId }: { projectId: string; ruleId: string }, groupKey: string | null): string {
  return JSON.stringify([projectId, ruleId, groupKey]);
}
