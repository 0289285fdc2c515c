import type { Simulate, Spread } from '../definition/simulate-schema.ts';

/** How a simulated model behaves, nothing left out. */
export interface SimulatedBehaviour {
  seed: number;
  firstToken: Spread;
  /** Of the whole call; otherwise its length follows from the tokens. */
  latency: Spread | undefined;
  tokensPerSecond: Spread;
  answerTokens: Spread;
  contextWindow: number;
  /** Shares of all calls. */
  errors: {
    rate_limited?: { rate: number; retryAfter: number } | undefined;
    unavailable?: number | undefined;
    timeout?: number | undefined;
    error_in_stream?: number | undefined;
    cut_stream?: number | undefined;
  };
  usdPerMillionInput: number;
  usdPerMillionCachedInput: number;
  usdPerMillionOutput: number;
  values: Simulate['values'];
  script: Simulate['script'];
}

type Profile = Omit<SimulatedBehaviour, 'seed' | 'latency' | 'values' | 'script'>;

/** A small model of a good provider. */
const quick: Profile = {
  firstToken: { p50: 120, p99: 450 },
  tokensPerSecond: { p50: 160, p99: 240 },
  answerTokens: { p50: 45, p99: 140 },
  contextWindow: 128_000,
  errors: {},
  usdPerMillionInput: 0.15,
  usdPerMillionCachedInput: 0.015,
  usdPerMillionOutput: 0.6,
};

/** By the name of the model; an unknown name is `quick`. */
const profiles: Readonly<Record<string, Profile>> = {
  quick,
  /** A large model. */
  careful: {
    ...quick,
    firstToken: { p50: 420, p99: 1_800 },
    tokensPerSecond: { p50: 75, p99: 120 },
    answerTokens: { p50: 90, p99: 320 },
    contextWindow: 200_000,
    usdPerMillionInput: 3,
    usdPerMillionCachedInput: 0.3,
    usdPerMillionOutput: 15,
  },
  /** One that thinks before it speaks. */
  slow: {
    ...quick,
    firstToken: { p50: 2_500, p99: 9_000 },
    tokensPerSecond: { p50: 28, p99: 45 },
    answerTokens: { p50: 160, p99: 600 },
    usdPerMillionInput: 10,
    usdPerMillionCachedInput: 1,
    usdPerMillionOutput: 40,
  },
  /** A provider on a bad day. */
  flaky: {
    ...quick,
    firstToken: { p50: 300, p99: 4_000 },
    tokensPerSecond: { p50: 90, p99: 160 },
    errors: {
      rate_limited: { rate: 0.08, retryAfter: 1_000 },
      unavailable: 0.06,
      timeout: 0.01,
      error_in_stream: 0.03,
      cut_stream: 0.03,
    },
  },
};

/** What the definition says, and for the rest what the name of the model stands for. */
export function readBehaviour(model: string, simulate: Simulate | undefined): SimulatedBehaviour {
  const profile = profiles[model] ?? quick;
  const { seed = 1, latency, values = {}, script = [], ...given }: Partial<Simulate> = simulate ?? {};
  const own = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const merged = { ...profile, ...own, seed, latency, values, script };
  const { usdPerMillionInput, usdPerMillionCachedInput } = given;
  // A price of its own and none for the cache: cached input costs as much.
  if (usdPerMillionInput !== undefined && usdPerMillionCachedInput === undefined) {
    return { ...merged, usdPerMillionCachedInput: usdPerMillionInput };
  }
  return merged;
}
