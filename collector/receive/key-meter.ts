import type { Refusal } from './reply.ts';
import type { SenderKey } from './sender-key.ts';
import type { RequestListener } from './visitor.ts';

/** A key that was quiet may send so many seconds' worth at once. */
const burstSeconds = 10;
const dayMs = 86_400_000;
/** How often what was sent is written down; a collector that is killed forgets as much. */
const saveMs = 5_000;

/** What was sent under a key on a UTC day since it was last written down. */
export interface KeyUse {
  keyId: string;
  /** Days since 1970. */
  day: number;
  spans: number;
  lastUsedMs: number;
}

interface MeterDeps {
  /** Adds to what is stored; the same token again adds nothing. */
  save: (uses: readonly KeyUse[], token: string) => Promise<void>;
  newToken: () => string;
  nowMs: () => number;
  onError: (error: unknown) => void;
}

interface Bucket {
  /** Below zero: more was taken than the key had; it waits until that is paid off. */
  spans: number;
  atMs: number;
}

/**
 * Counts what is sent under each key, and says when it is too much. How many spans a body holds is known when it was taken: a
 * request that is larger than what is left is taken whole, and the next ones wait the longer.
 */
export class KeyMeter {
  readonly #deps: MeterDeps;
  readonly #buckets = new Map<string, Bucket>();
  /** Not written down yet, by key and day. */
  #uses = new Map<string, KeyUse>();
  #saving: { uses: KeyUse[]; token: string } | undefined;
  #stored = { day: -1, spans: new Map<string, number>() };
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: MeterDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#timer = setInterval(() => void this.save(), saveMs).unref();
  }

  /** What all collectors have stored under each key on a day. */
  setStored(day: number, spans: ReadonlyMap<string, number>): void {
    this.#stored = { day, spans: new Map(spans) };
  }

  /** Why a key may not send now. */
  findExcess(key: SenderKey): Refusal | undefined {
    return this.#findDailyExcess(key) ?? this.#findRateExcess(key);
  }

  /** The key was used. */
  note(keyId: string, spans = 0): void {
    const nowMs = this.#deps.nowMs();
    const day = Math.floor(nowMs / dayMs);
    const place = `${keyId} ${String(day)}`;
    const use = this.#uses.get(place) ?? { keyId, day, spans: 0, lastUsedMs: nowMs };
    this.#uses.set(place, { ...use, spans: use.spans + spans, lastUsedMs: nowMs });
    const bucket = this.#buckets.get(keyId);
    if (bucket !== undefined) bucket.spans -= spans;
  }

  /** Counts what the intake has taken. */
  get listener(): RequestListener {
    return {
      onHeld: ({ keyId }, { findings, fate }) => {
        if (keyId === undefined || (fate !== 'stored' && fate !== 'spooled')) return;
        let spans = 0;
        for (const count of findings.taken.values()) spans += count;
        this.note(keyId, spans);
      },
      onRefused: () => undefined,
    };
  }

  /** Writes down what is not yet; what fails is kept for the next time. */
  async save(): Promise<void> {
    if (this.#saving === undefined) {
      if (this.#uses.size === 0) return;
      this.#saving = { uses: [...this.#uses.values()], token: this.#deps.newToken() };
      this.#uses = new Map();
    }
    const saving = this.#saving;
    try {
      await this.#deps.save(saving.uses, saving.token);
      if (this.#saving !== saving) return;
      this.#saving = undefined;
      for (const { keyId, day, spans } of saving.uses) {
        if (day > this.#stored.day) this.setStored(day, new Map());
        if (day === this.#stored.day) this.#stored.spans.set(keyId, (this.#stored.spans.get(keyId) ?? 0) + spans);
      }
    } catch (error) {
      this.#deps.onError(error);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.save(); // what an earlier one could not
    await this.save();
  }

  #findDailyExcess({ keyId, name, spansPerDay }: SenderKey): Refusal | undefined {
    if (spansPerDay === null) return undefined;
    const nowMs = this.#deps.nowMs();
    const day = Math.floor(nowMs / dayMs);
    if (this.#sentOn(keyId, day) < spansPerDay) return undefined;
    const message = `key ${keyId} (${name}) has sent its ${String(spansPerDay)} spans of today; the next day begins at midnight UTC`;
    return { status: 429, message, retryAfterMs: (day + 1) * dayMs - nowMs };
  }

  #sentOn(keyId: string, day: number): number {
    const stored = this.#stored.day === day ? (this.#stored.spans.get(keyId) ?? 0) : 0;
    const saving = this.#saving?.uses.find((use) => use.keyId === keyId && use.day === day)?.spans ?? 0;
    return stored + saving + (this.#uses.get(`${keyId} ${String(day)}`)?.spans ?? 0);
  }

  #findRateExcess({ keyId, name, spansPerSecond }: SenderKey): Refusal | undefined {
    if (spansPerSecond === null) {
      this.#buckets.delete(keyId);
      return undefined;
    }
    const nowMs = this.#deps.nowMs();
    const full = spansPerSecond * burstSeconds;
    const { spans, atMs } = this.#buckets.get(keyId) ?? { spans: full, atMs: nowMs };
    const left = Math.min(full, spans + (Math.max(0, nowMs - atMs) / 1000) * spansPerSecond);
    this.#buckets.set(keyId, { spans: left, atMs: nowMs });
    if (left > 0) return undefined;
    const retryAfterMs = Math.ceil((1000 * (1 - left)) / spansPerSecond);
    return {
      status: 429,
      message: `key ${keyId} (${name}) takes ${String(spansPerSecond)} spans a second`,
      retryAfterMs,
    };
  }
}
