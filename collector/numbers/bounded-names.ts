/** What a name is counted under that comes after too many others. */
export const otherName = '(other)';

const shownMax = 100;

/** Lets so many different names through, cut to 100 characters: whoever sends cannot make endless series. */
export class BoundedNames {
  readonly #max: number;
  readonly #names = new Set<string>();

  constructor(max: number) {
    this.#max = max;
  }

  /** The name itself, or `(other)`. */
  admit(name: string): string {
    const shown = name.length <= shownMax ? name : name.slice(0, shownMax).toWellFormed();
    if (this.#names.has(shown)) return shown;
    if (this.#names.size >= this.#max) return otherName;
    this.#names.add(shown);
    return shown;
  }
}

/** The first product of a user agent, with its version: `OTel-OTLP-Exporter-Python/1.30.0`. */
export function clientOf(userAgent: string | undefined): string {
  return /^[\x21-\x7e]{1,60}/.exec(userAgent ?? '')?.[0] ?? '';
}
