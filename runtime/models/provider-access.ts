/** One server and the right to use it. */
export interface ProviderAccess {
  /** As in PROVIDER/MODEL. */
  provider: string;
  /** Undefined: the provider's own. */
  baseUrl: string | undefined;
  /** Undefined: none is sent. */
  apiKey: string | undefined;
  fetch: typeof fetch;
  /** Of OpenAI's own accounts. */
  organization?: string | undefined;
  project?: string | undefined;
}

/** The packages' own timer must not end a call: the chain's timers do. Longer than the longest that a definition may ask for. */
export const sdkTimeoutMs = 35 * 60_000;
