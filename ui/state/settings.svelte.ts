import { createContext } from 'svelte';
import * as z from 'zod/mini';

const storageKey = 'sightglass.settings';

const settingsSchema = z.object({
  theme: z._default(z.enum(['system', 'light', 'dark']), 'system'),
  density: z._default(z.enum(['normal', 'dense']), 'normal'),
  rail: z._default(z.enum(['open', 'closed']), 'open'),
  facets: z._default(z.enum(['open', 'closed']), 'open'),
  closedFacets: z._default(z.array(z.string()), []),
  hiddenColumns: z._default(z.array(z.string()), []),
  hiddenSessionColumns: z._default(z.array(z.string()), ['traces', 'last']),
  detailWidth: z.optional(z.number()),
  spanNameWidth: z.optional(z.number()),
  contextWidth: z.optional(z.number()),
});
export type StoredSettings = z.infer<typeof settingsSchema>;

/** What one person likes on this machine: kept in local storage, never in the address. */
export class Settings {
  #values: StoredSettings = $state.raw(readSettings());
  #systemIsDark = $state(matchMedia('(prefers-color-scheme: dark)').matches);

  /** The theme that is shown: the choice, or the system's. */
  readonly theme: 'light' | 'dark' = $derived(
    this.#values.theme === 'system' ? (this.#systemIsDark ? 'dark' : 'light') : this.#values.theme,
  );

  get values(): Readonly<StoredSettings> {
    return this.#values;
  }

  /** Changes and stores; storage that is full or forbidden only loses the memory of it. */
  change(changes: Partial<StoredSettings>): void {
    this.#values = { ...this.#values, ...changes };
    try {
      localStorage.setItem(storageKey, JSON.stringify(this.#values));
    } catch {
      // Private mode: the choice holds until the page is closed.
    }
  }

  /** Follows the system's theme until stopped. */
  followSystem(): () => void {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const onchange = () => {
      this.#systemIsDark = query.matches;
    };
    query.addEventListener('change', onchange);
    return () => query.removeEventListener('change', onchange);
  }
}

export const [getSettings, setSettings] = createContext<Settings>();

function readSettings(): StoredSettings {
  const empty = settingsSchema.parse({});
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '{}');
    const parsed = settingsSchema.safeParse(stored);
    return parsed.success ? parsed.data : empty;
  } catch {
    return empty;
  }
}
