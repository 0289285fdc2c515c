import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** Who a key belongs to, or why nobody can be let in with it. */
export type Checked =
  | { status: 'valid'; projectId: string; scopes: readonly string[] }
  | { status: 'refused'; message: string }
  | { status: 'unavailable' };

/** The headers of a request that say who sends it. */
export interface Presented {
  authorization: string | undefined;
  apiKey: string | undefined;
}

interface KeyCheckOptions {
  /** Undefined while its address is not known. */
  findServer: () => string | undefined;
  nowMs?: () => number;
}

/** A key that was revoked opens nothing more after this and what the server itself needs to hear of it. */
const freshMs = 2_000;
/** While the server is away, a key that it knew is good for so long. */
const staleMs = 600_000;
/** Wrong keys are remembered so that each is asked for once in a while. */
const refusedMs = 5_000;
const knownMax = 10_000;
/** Questions under way at one time; whoever comes with another key is told to come back. */
const askingMax = 64;
const timeoutMs = 3_000;

const meReply = z.object({
  key: z.object({ projectId: z.string(), scopes: z.array(z.string()) }).nullable(),
});
const errorReply = z.object({ error: z.object({ message: z.string() }) });

interface Known {
  checked: Exclude<Checked, { status: 'unavailable' }>;
  askedMs: number;
}

/** Asks the server whose a key is, and remembers the answer for seconds. Keys themselves are not kept, only their hashes. */
export class KeyCheck {
  readonly #options: KeyCheckOptions;
  readonly #known = new Map<string, Known>();
  readonly #asking = new Map<string, Promise<Checked>>();

  constructor(options: KeyCheckOptions) {
    this.#options = options;
  }

  async check(presented: Presented): Promise<Checked> {
    const name = hash(JSON.stringify([presented.authorization ?? null, presented.apiKey ?? null])).toString('base64');
    const known = this.#known.get(name);
    if (known !== undefined && this.#ageOf(known) < (known.checked.status === 'valid' ? freshMs : refusedMs)) {
      return known.checked;
    }
    // A flood of wrong keys must not keep a revoked one alive: what is known is always asked for.
    const isKnown = known?.checked.status === 'valid';
    const asked = await this.#askOnce(name, presented, { isKnown });
    if (asked.status !== 'unavailable') return asked;
    return known !== undefined && isKnown && this.#ageOf(known) < staleMs ? known.checked : asked;
  }

  #ageOf({ askedMs }: Known): number {
    return this.#nowMs() - askedMs;
  }

  #nowMs(): number {
    return (this.#options.nowMs ?? Date.now)();
  }

  /** The same key at the same time is one question. */
  #askOnce(name: string, presented: Presented, { isKnown }: { isKnown: boolean }): Promise<Checked> {
    const running = this.#asking.get(name);
    if (running !== undefined) return running;
    if (!isKnown && this.#asking.size >= askingMax) return Promise.resolve({ status: 'unavailable' });
    const asking = this.#ask(name, presented).finally(() => this.#asking.delete(name));
    this.#asking.set(name, asking);
    return asking;
  }

  async #ask(name: string, presented: Presented): Promise<Checked> {
    const askedMs = this.#nowMs();
    const checked = await askServer(this.#options.findServer(), presented);
    if (checked.status === 'unavailable') return checked;
    this.#known.delete(name);
    if (this.#known.size >= knownMax) this.#forgetOne();
    this.#known.set(name, { checked, askedMs });
    return checked;
  }

  /** Of those that are refused, else of all, the one that was asked for longest ago. */
  #forgetOne(): void {
    for (const [name, { checked }] of this.#known) {
      if (checked.status !== 'refused') continue;
      this.#known.delete(name);
      return;
    }
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

async function askServer(serverUrl: string | undefined, { authorization, apiKey }: Presented): Promise<Checked> {
  if (serverUrl === undefined) return { status: 'unavailable' };
  try {
    const response = await fetch(`${serverUrl}/api/me`, {
      headers: {
        ...(authorization === undefined ? {} : { authorization }),
        ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }),
      },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body: unknown = await response.json();
    if (response.status === 401) {
      return { status: 'refused', message: errorReply.parse(body).error.message };
    }
    if (!response.ok) return { status: 'unavailable' };
    const { key } = meReply.parse(body);
    return key === null ? { status: 'unavailable' } : { status: 'valid', ...key };
  } catch {
    return { status: 'unavailable' };
  }
}

/** In constant time. */
export function isSameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(hash(given), hash(expected));
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
