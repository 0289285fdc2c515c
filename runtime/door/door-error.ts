import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** Every error of the door: its status, and the `type` that OpenAI clients expect with it. */
export const doorErrors = {
  invalid_request: [400, 'invalid_request_error'],
  context_length_exceeded: [400, 'invalid_request_error'],
  budget_exhausted: [402, 'insufficient_quota'],
  foreign_origin: [403, 'permission_error'],
  model_not_found: [404, 'invalid_request_error'],
  agent_not_found: [404, 'invalid_request_error'],
  session_not_found: [404, 'invalid_request_error'],
  not_found: [404, 'invalid_request_error'],
  session_busy: [409, 'conflict_error'],
  history_mismatch: [409, 'conflict_error'],
  turn_cancelled: [409, 'conflict_error'],
  body_too_large: [413, 'invalid_request_error'],
  unsupported_media_type: [415, 'invalid_request_error'],
  wrong_host: [421, 'invalid_request_error'],
  idempotency_key_reused: [422, 'invalid_request_error'],
  rate_limited: [429, 'rate_limit_error'],
  quota_exhausted: [429, 'insufficient_quota'],
  queue_full: [429, 'rate_limit_error'],
  internal: [500, 'server_error'],
  model_failed: [502, 'server_error'],
  output_invalid: [502, 'server_error'],
  session_store_unavailable: [503, 'server_error'],
  shutting_down: [503, 'server_error'],
  model_timeout: [504, 'server_error'],
} as const satisfies Record<string, readonly [ContentfulStatusCode, string]>;

export type DoorErrorCode = keyof typeof doorErrors;

/** What the caller is told instead of an answer, in the form of the OpenAI API. */
export class DoorError extends Error {
  override readonly name = 'DoorError';
  readonly code: DoorErrorCode;
  /** The field of the request that it is about. */
  readonly param: string | null;
  readonly retryAfterMs: number | undefined;

  constructor(
    code: DoorErrorCode,
    message: string,
    details: { param?: string | null | undefined; retryAfterMs?: number | undefined } = {},
  ) {
    super(message);
    this.code = code;
    this.param = details.param ?? null;
    this.retryAfterMs = details.retryAfterMs;
  }

  get status(): ContentfulStatusCode {
    return doorErrors[this.code][0];
  }

  /** `{ message, type, param, code }` */
  toJSON(): { message: string; type: string; param: string | null; code: DoorErrorCode } {
    return { message: this.message, type: doorErrors[this.code][1], param: this.param, code: this.code };
  }
}
