/** Why a model gave no whole answer. */
export const modelFailureKinds = [
  'rate_limited',
  'quota',
  'unavailable',
  'timeout',
  'auth',
  'context_too_long',
  'content_filter',
  'invalid_request',
  'malformed_reply',
  'cut_stream',
  'aborted',
] as const;

export type ModelFailureKind = (typeof modelFailureKinds)[number];

/** A model call that failed, as its provider's adapter understood it. */
export class ModelFailure extends Error {
  override readonly name = 'ModelFailure';
  readonly kind: ModelFailureKind;
  /** HTTP status, where there was one. */
  readonly status: number | undefined;
  /** How long the provider wants to be left alone. */
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: ModelFailureKind,
    message: string,
    details: { status?: number | undefined; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.kind = kind;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }
}
