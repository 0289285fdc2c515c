import { type Credential, isSecretOf } from './credentials.ts';
import { type SenderKey, stateOf } from './sender-key.ts';

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
  | { status: 'inForce'; key: SenderKey }
  | { status: 'expired' | 'revoked'; keyId: string }
  | { status: 'unknown' | 'unavailable' };

interface KeyRingDeps {
  /** All keys; rejects while the database is away. */
  load: () => Promise<readonly SenderKey[]>;
  nowMs: () => number;
  onError: (error: unknown) => void;
  limits?: Partial<Record<keyof typeof keyRingLimits, number>> | undefined;
}

/** All keys of the installation, read again every few seconds: a request costs no query, whatever key it presents. The server has its like. */
export class KeyRing {
  readonly #deps: KeyRingDeps;
  readonly #limits: Readonly<Record<keyof typeof keyRingLimits, number>>;
  #keys: ReadonlyMap<string, SenderKey> = new Map();
  #loadedMs = Number.NEGATIVE_INFINITY;
  #begunMs = Number.NEGATIVE_INFINITY;
  #next: Promise<boolean> | undefined;
  #running: Promise<boolean> | undefined;
  #isFailing = false;
  #waiting = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: KeyRingDeps) {
    this.#deps = deps;
    this.#limits = { ...keyRingLimits, ...deps.limits };
  }

  /** Resolves when the keys were read once, or could not be: true if they were. */
  async start(): Promise<boolean> {
    const isLoaded = await this.#load();
    this.#timer = setInterval(() => void this.#refreshed(), this.#limits.refreshMs).unref();
    return isLoaded;
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

  close(): void {
    clearInterval(this.#timer);
  }

  #match({ keyId, secret }: Credential): SenderKey | undefined {
    const key = this.#keys.get(keyId);
    return key !== undefined && isSecretOf(key, secret) ? key : undefined;
  }

  #judge(key: SenderKey): Identified {
    const state = stateOf(key, this.#deps.nowMs());
    return state === 'inForce' ? { status: state, key } : { status: state, keyId: key.keyId };
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
      return true;
    } catch (error) {
      if (!this.#isFailing) this.#deps.onError(error); // not of every try
      this.#isFailing = true;
      return false;
    }
  }
}
