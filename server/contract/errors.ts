/**
 * Every error the HTTP API answers, with its status and what it means. The README holds a copy; a test keeps them equal.
 * The body is always `{ error: { code, message } }`.
 */
export const apiErrors = {
  invalid_request: {
    status: 400,
    meaning: 'A parameter is missing, malformed or out of range; the message names it and what is allowed.',
  },
  invalid_cursor: {
    status: 400,
    meaning: 'The cursor is not one this list gave out, or belongs to another sort order.',
  },
  unauthorized: {
    status: 401,
    meaning: 'With SIGHTGLASS_AUTH=on: the request has no valid key, or the key has expired or was revoked.',
  },
  forbidden: {
    status: 403,
    meaning: 'The key lacks the scope that the message names, or is of another project.',
  },
  foreign_origin: { status: 403, meaning: 'The request came from a web page of another origin.' },
  not_found: { status: 404, meaning: 'There is no such path.' },
  trace_not_found: { status: 404, meaning: 'The project has no trace with this id.' },
  span_not_found: { status: 404, meaning: 'The trace has no span with this id.' },
  session_not_found: {
    status: 404,
    meaning: 'The project has no session with this id, or it is not settled yet; of an agent: the runtime has none.',
  },
  price_not_found: {
    status: 404,
    meaning: 'Neither the price table nor the override file has a price for this model.',
  },
  agent_not_found: { status: 404, meaning: 'The runtime has no agent of this name.' },
  resettlement_not_found: { status: 404, meaning: 'The project has no re-settlement with this id.' },
  key_not_found: { status: 404, meaning: 'The project has no key with this id.' },
  alert_rule_not_found: { status: 404, meaning: 'The project has no alert rule with this id.' },
  budget_not_found: { status: 404, meaning: 'The project has no budget with this id.' },
  owner_not_found: { status: 404, meaning: 'The project has no owner rule with this id.' },
  channel_not_found: { status: 404, meaning: 'The project has no channel with this id.' },
  delivery_not_found: { status: 404, meaning: 'The project has no delivery with this id.' },
  changed_meanwhile: {
    status: 409,
    meaning: 'What was to be changed is of another version than the request expects; read it again.',
  },
  too_many_alert_rules: { status: 409, meaning: 'The project has as many alert rules as it may have; remove some.' },
  alert_not_firing: { status: 409, meaning: 'Only what fires can be acknowledged; the message names the group.' },
  too_many_budgets: { status: 409, meaning: 'The project has as many budgets as it may have; remove some.' },
  too_many_owners: { status: 409, meaning: 'The project has as many owner rules as it may have; remove some.' },
  too_many_channels: { status: 409, meaning: 'The project has as many channels as it may have; remove some.' },
  delivery_not_retryable: {
    status: 409,
    meaning: 'The delivery is on its way, was delivered, or was a test; the message says which.',
  },
  resettlement_running: { status: 409, meaning: 'This server already runs a re-settlement; one runs at a time.' },
  too_many_keys: {
    status: 409,
    meaning: 'The project, or the installation, has as many keys in force as it may have; revoke some.',
  },
  method_not_allowed: { status: 405, meaning: 'The path exists, but not with this method.' },
  body_too_large: {
    status: 413,
    meaning: 'The body is larger than the endpoint takes; the message says how much that is.',
  },
  unsupported_media_type: { status: 415, meaning: 'The body has another content type than the endpoint accepts.' },
  wrong_host: { status: 421, meaning: 'The Host header does not name this machine.' },
  too_many_streams: { status: 429, meaning: 'This server already has as many live streams as it serves.' },
  too_many_tests: {
    status: 429,
    meaning: 'As many test messages are being sent as may be at once; try again in a moment.',
  },
  query_too_large: {
    status: 422,
    meaning: 'The query needs more memory than its limit; a shorter time range or more filters help.',
  },
  internal: { status: 500, meaning: 'A bug; the log has the cause under the request id.' },
  runtime_bad_reply: { status: 502, meaning: 'The runtime answered something else than it should; the log says what.' },
  database_unavailable: { status: 503, meaning: 'ClickHouse does not answer; try again.' },
  runtime_unavailable: {
    status: 503,
    meaning: 'This server knows of no runtime, or the runtime does not answer; traces and costs do not need it.',
  },
  query_timeout: {
    status: 504,
    meaning: 'The query took longer than its limit; a shorter time range or more filters help.',
  },
} as const satisfies Record<string, { status: number; meaning: string }>;

export type ApiErrorCode = keyof typeof apiErrors;

/** A caller's mistake or an expected outcome, thrown anywhere below a route and answered by the error middleware. */
export class ApiError extends Error {
  readonly code: ApiErrorCode;

  constructor(code: ApiErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
