import { expect, test } from 'vitest';
import { readRetryAfterMs, toModelFailure } from '../../../../runtime/models/failure-kinds.ts';
import { readErrorObject } from '../../../../runtime/models/sdk-failure.ts';

// Bodies as providers send them.
const cases: [string, number | undefined, unknown, string][] = [
  [
    'OpenAI, per minute',
    429,
    { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' },
    'rate_limited',
  ],
  [
    'OpenAI, no money',
    429,
    { message: 'You exceeded your current quota', type: 'insufficient_quota', code: 'insufficient_quota' },
    'quota',
  ],
  [
    'OpenAI, larger than a minute’s tokens',
    429,
    {
      message: 'Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 42000.',
      type: 'tokens',
      code: 'rate_limit_exceeded',
    },
    'context_too_long',
  ],
  [
    'Azure, context',
    400,
    { message: "This model's maximum context length is 8192 tokens.", code: 'context_length_exceeded' },
    'context_too_long',
  ],
  [
    'Azure, filter',
    400,
    { message: 'The response was filtered', code: 'content_filter', status: 400 },
    'content_filter',
  ],
  [
    'vLLM, context',
    400,
    {
      object: 'error',
      message: "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens",
      type: 'BadRequestError',
      code: 400,
    },
    'context_too_long',
  ],
  [
    'llama.cpp, context',
    400,
    { code: 400, message: 'the request exceeds the available context size', type: 'exceed_context_size_error' },
    'context_too_long',
  ],
  [
    'Google, context',
    400,
    [
      {
        error: {
          code: 400,
          message: 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
          status: 'INVALID_ARGUMENT',
        },
      },
    ],
    'context_too_long',
  ],
  [
    'Google, per minute',
    429,
    [
      {
        error: {
          code: 429,
          message: 'You exceeded your current quota, please check your plan. Please retry in 36.5s.',
          status: 'RESOURCE_EXHAUSTED',
          details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '36s' }],
        },
      },
    ],
    'rate_limited',
  ],
  [
    'Google, wrong key',
    400,
    [{ error: { code: 400, message: 'API key not valid. Please pass a valid API key.', status: 'INVALID_ARGUMENT' } }],
    'auth',
  ],
  ['DeepSeek, no money', 402, { error: { message: 'Insufficient Balance' } }, 'quota'],
  ['OpenRouter, no money', 402, { error: { message: 'Insufficient credits', code: 402 } }, 'quota'],
  ['OpenRouter, in a stream', undefined, { code: 502, message: 'Provider disconnected' }, 'unavailable'],
  ['OpenRouter, rate limit in a stream', undefined, { code: 429, message: 'Provider returned error' }, 'rate_limited'],
  [
    'Anthropic, prompt',
    400,
    {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000 maximum' },
    },
    'context_too_long',
  ],
  [
    'Anthropic, prompt and answer',
    400,
    {
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message: 'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000',
      },
    },
    'context_too_long',
  ],
  [
    'Anthropic, bytes',
    413,
    {
      type: 'error',
      error: { type: 'request_too_large', message: 'Request exceeds the maximum allowed number of bytes.' },
    },
    'context_too_long',
  ],
  [
    'Anthropic, no money',
    400,
    {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'Your credit balance is too low to access the Anthropic API.' },
    },
    'quota',
  ],
  [
    'Anthropic, busy in a stream',
    undefined,
    { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
    'unavailable',
  ],
  [
    'Anthropic, rate limit in a stream',
    undefined,
    { type: 'error', error: { type: 'rate_limit_error', message: 'Too fast' } },
    'rate_limited',
  ],
  [
    'Anthropic, key in a stream',
    undefined,
    { type: 'error', error: { type: 'authentication_error', message: 'no' } },
    'auth',
  ],
  [
    'a request’s fault in a stream',
    undefined,
    { type: 'invalid_request_error', message: 'no such tool' },
    'invalid_request',
  ],
  ['words alone in a stream', undefined, 'upstream connect error', 'unavailable'],
  ['an empty 400', 400, undefined, 'invalid_request'],
  ['an empty 401', 401, undefined, 'auth'],
  ['408', 408, undefined, 'timeout'],
  ['409', 409, undefined, 'unavailable'],
  ['422', 422, { detail: [{ loc: ['body', 'messages'], msg: 'Field required' }] }, 'invalid_request'],
  ['a redirect', 308, '', 'invalid_request'],
  ['504 of a proxy', 504, '<html>Gateway Time-out</html>', 'unavailable'],
  ['500 that speaks of contexts', 500, { message: 'context length computation failed' }, 'unavailable'],
];

test.each(cases)('%s', (_name, status, body, kind) => {
  const refusal = readErrorObject(body);
  expect(toModelFailure({ ...refusal, status: status ?? refusal.status }).kind).toBe(kind);
});

test('the message has status and words on one line, within a limit', () => {
  const failure = toModelFailure({ status: 400, message: `no\n  such ${'tool '.repeat(200)}` });
  expect(failure.message).toMatch(/^HTTP 400: no such tool tool/);
  expect(failure.message.length).toBeLessThanOrEqual(501);
});

test('a key in a message does not get through', () => {
  const words = 'Incorrect API key provided: sk-proj-abc123def456ghi789. You can find it elsewhere.';
  const { message } = toModelFailure({ status: 401, message: words });
  expect(message).toBe('HTTP 401: Incorrect API key provided: … You can find it elsewhere.');
  const bearer = toModelFailure({ status: 401, message: 'bad header Bearer abcdef123456' });
  expect(bearer.message).not.toContain('abcdef123456');
});

test('Google’s delay is within the body', () => {
  expect(readErrorObject([{ error: { details: [{ retryDelay: '36s' }] } }]).retryAfterMs).toBe(36_000);
});

const nowMs = Date.UTC(2026, 10, 23, 8, 0, 0);
test.each<[Record<string, string>, number | undefined]>([
  [{ 'retry-after': '7' }, 7_000],
  [{ 'retry-after': '0.5' }, 500],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after-ms': '1500', 'retry-after': '2' }, 1_500],
  [{ 'retry-after': 'Mon, 23 Nov 2026 08:00:12 GMT' }, 12_000],
  [{ 'retry-after': 'Monday, 23-Nov-26 08:00:12 GMT' }, 12_000],
  [{ 'retry-after': 'Mon, 23 Nov 2026 07:00:00 GMT' }, 0],
  [{ 'retry-after': '-5' }, undefined],
  [{ 'retry-after': 'soon' }, undefined],
  [{ 'retry-after': '' }, undefined],
  [{}, undefined],
])('retry-after %j', (headers, ms) => {
  expect(readRetryAfterMs(new Headers(headers), nowMs)).toBe(ms);
});
