import type { Credential } from '../domain/keys/credentials.ts';
import { isSecretOf, stateOf, type StoredKey } from '../domain/keys/stored-key.ts';

export const keyRingLimits = {
  /** A key that was revoked elsewhere opens nothing more after this and the time of one query. */
  refreshMs: 3_000,
  /** Unknown keys cause a query of all keys at most this often, however many there are. */
  askGapMs: 250,
  /** Requests with unknown keys that wait for that query; more are told to come back. */
  waitingMax: 1_000,
  /** While ClickHouse is away, what is known of keys counts for so long. */
  staleMs: 3_600_000,
} as const;

/** `unavailable`: nobody can tell now. `expired` and `revoked`: the secret was right. */
export type Identified =
  | { status: 'inForce'; key: StoredKey }
  | { status: 'expired' | 'revoked'; keyId: string }
  | { status: 'unknown' | 'unavailable' };

interface KeyRingDeps {
  /** All keys; rejects while the database is away. */
  load: () => Promise<readonly StoredKey[]>;
  /** Keys that were used since the last call, and when. */
  saveUses: (uses: ReadonlyMap<string, number>) => Promise<void>;
  nowMs: () => number;
  onError: (error: unknown) => void;
  limits?: Partial<Record<keyof typeof keyRingLimits, number>> | undefined;
}

/** How often it is written down when keys were used. */
const saveUsesMs = 20_000;

/** All keys of the installation, read again every few seconds: a request costs no query, whatever key it presents. */
export class KeyRing {
  readonly #deps: KeyRingDeps;
  readonly #limits: Readonly<Record<keyof typeof keyRingLimits, number>>;
  readonly #watchers = new Map<string, Set<() => void>>();
  #keys: ReadonlyMap<string, StoredKey> = new Map();
  #uses = new Map<string, number>();
  #loadedMs = Number.NEGATIVE_INFINITY;
  #begunMs = Number.NEGATIVE_INFINITY;
  #next: Promise<boolean> | undefined;
  #running: Promise<boolean> | undefined;
  #isFailing = false;
  #waiting = 0;
  #timers: NodeJS.Timeout[] = [];

  constructor(deps: KeyRingDeps) {
    this.#deps = deps;
    this.#limits = { ...keyRingLimits, ...deps.limits };
  }

  /** Resolves when the keys were read once, or could not be: true if they were. */
  async start(): Promise<boolean> {
    const isLoaded = await this.#load();
    this.#timers = [
      setInterval(() => void this.#refreshed(), this.#limits.refreshMs).unref(),
      setInterval(() => void this.#saveUses(), saveUsesMs).unref(),
    ];
    return isLoaded;
  }

  /** Every key, also those that are not in force. */
  get size(): number {
    return this.#keys.size;
  }

  async identify(credential: Credential): Promise<Identified> {
    const known = this.#match(credential);
    if (known !== undefined && !this.#isStale()) return this.#judge(known);
    if (this.#waiting >= this.#limits.waitingMax) return { status: 'unavailable' };
    this.#waiting += 1;
    const isFresh = await this.#refreshed().finally(() => (this.#waiting -= 1));
    if (!isFresh) return { status: 'unavailable' };
    const now = this.#match(credential);
    return now === undefined ? { status: 'unknown' } : this.#judge(now);
  }

  /** Of a key that was presented before: whether it is still in force. */
  recall(keyId: string): Identified {
    if (this.#isStale()) return { status: 'unavailable' };
    const key = this.#keys.get(keyId);
    return key === undefined ? { status: 'unknown' } : this.#judge(key);
  }

  /** Calls once when the key is no longer in force; what is returned ends the watching. */
  watch(keyId: string, onEnd: () => void): () => void {
    const own = this.#watchers.get(keyId) ?? new Set();
    this.#watchers.set(keyId, own.add(onEnd));
    return () => {
      own.delete(onEnd);
      if (own.size === 0 && this.#watchers.get(keyId) === own) this.#watchers.delete(keyId);
    };
  }

  /** Reads the keys anew at once: one was made or revoked here. */
  async refresh(): Promise<void> {
    await this.#refreshed();
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#saveUses();
  }

  #match({ keyId, secret }: Credential): StoredKey | undefined {
    const key = this.#keys.get(keyId);
    return key !== undefined && isSecretOf(key, secret) ? key : undefined;
  }

  #judge(key: StoredKey): Identified {
    const nowMs = this.#deps.nowMs();
    const state = stateOf(key, nowMs);
    if (state !== 'inForce') return { status: state, keyId: key.keyId };
    this.#uses.set(key.keyId, nowMs);
    return { status: 'inForce', key };
  }

  #isStale(): boolean {
    return this.#deps.nowMs() - this.#loadedMs > this.#limits.staleMs;
  }

  /** A reading that begins from now on: what was written before the call is seen. All who wait share it. */
  #refreshed(): Promise<boolean> {
    this.#next ??= this.#readSoon();
    return this.#next;
  }

  async #readSoon(): Promise<boolean> {
    const waitMs = Math.max(0, this.#begunMs + this.#limits.askGapMs - this.#deps.nowMs());
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    await this.#running; // one query at a time, however slow it is
    this.#next = undefined;
    this.#running = this.#load();
    return this.#running;
  }

  async #load(): Promise<boolean> {
    const begunMs = this.#deps.nowMs();
    this.#begunMs = begunMs;
    try {
      const keys = await this.#deps.load();
      this.#loadedMs = begunMs;
      this.#isFailing = false;
      this.#keys = new Map(keys.map((key) => [key.keyId, key]));
      this.#tellWatchers();
      return true;
    } catch (error) {
      if (!this.#isFailing) this.#deps.onError(error); // not of every try
      this.#isFailing = true;
      return false;
    }
  }

  #tellWatchers(): void {
    for (const [keyId, watchers] of [...this.#watchers]) {
      const key = this.#keys.get(keyId);
      if (key !== undefined && stateOf(key, this.#deps.nowMs()) === 'inForce') continue;
      this.#watchers.delete(keyId);
      for (const onEnd of watchers) onEnd();
    }
  }

  async #saveUses(): Promise<void> {
    const uses = this.#uses;
    if (uses.size === 0) return;
    this.#uses = new Map();
    await this.#deps.saveUses(uses).catch((error: unknown) => {
      this.#uses = new Map([...uses, ...this.#uses]);
      this.#deps.onError(error);
    });
  }
}
