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

/** The server was not even reached. */
const unsentCodes: ReadonlySet<unknown> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'],
]);

/** Whether a try that failed cost nothing for sure: it was refused before it gave anything, or never sent. */
export function wasUnbilled(failure: ModelFailure, { firstTokenMs }: { firstTokenMs?: number | undefined }): boolean {
  if (firstTokenMs !== undefined) return false;
  if (failure.status !== undefined && failure.status >= 400) return true;
  let root: unknown = failure;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  return unsentCodes.has((root as { code?: unknown }).code);
}

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
