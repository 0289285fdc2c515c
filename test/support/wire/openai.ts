import {
  argumentPieces,
  piecesOf,
  type WireBody,
  type WireFailure,
  type WireProtocol,
  type WireReply,
} from './script.ts';

const createdSeconds = 1_790_000_000;
let replies = 0;

/** OpenAI Chat Completions, as its API and the servers that follow it send it. */
export const openaiWire: WireProtocol = {
  basePath: '/v1',
  path: '/v1/chat/completions',
  frames(reply, request) {
    const head = headOf(reply, request, 'chat.completion.chunk');
    const [before, after] = splitAround(head);
    const chunk = (delta: object, finish: string | null = null) =>
      `${before}${JSON.stringify([{ index: 0, delta, logprobs: null, finish_reason: finish }])}${after}`;
    const pieces = [
      ...piecesOf(reply.reasoning).map((reasoning_content) => chunk({ reasoning_content })),
      ...piecesOf(reply.text).map((content) => chunk({ content })),
      ...(reply.toolCalls ?? []).flatMap((call, index) => [
        chunk({
          tool_calls: [
            { index, id: idOf(call, index), type: 'function', function: { name: call.name, arguments: '' } },
          ],
        }),
        ...argumentPieces(call.arguments).map((text) =>
          chunk({ tool_calls: [{ index, function: { arguments: text } }] }),
        ),
      ]),
    ];
    const asksUsage = (request['stream_options'] as { include_usage?: boolean } | undefined)?.include_usage === true;
    const usage = usageOf(reply);
    const usageChunk =
      asksUsage && usage !== null ? `data: ${JSON.stringify({ ...head, choices: [], usage })}\n\n` : '';
    return {
      open: chunk({ role: 'assistant', content: '', refusal: null }),
      pieces,
      close: `${chunk({}, finishOf(reply))}${usageChunk}data: [DONE]\n\n`,
    };
  },
  whole(reply, request) {
    const usage = usageOf(reply);
    const calls = (reply.toolCalls ?? []).map((call, index) => ({
      id: idOf(call, index),
      type: 'function',
      function: { name: call.name, arguments: argumentPieces(call.arguments).join('') },
    }));
    const message = {
      role: 'assistant',
      content: piecesOf(reply.text).join('') || null,
      refusal: null,
      annotations: [],
      ...(reply.reasoning !== undefined && { reasoning_content: piecesOf(reply.reasoning).join('') }),
      ...(calls.length > 0 && { tool_calls: calls }),
    };
    return {
      ...headOf(reply, request, 'chat.completion'),
      choices: [{ index: 0, message, logprobs: null, finish_reason: finishOf(reply) }],
      ...(usage !== null && { usage }),
    };
  },
  refusal({ fail, message }) {
    const { status, ...error } = refusals[fail];
    return { status, body: { error: { param: null, ...error, ...(message !== undefined && { message }) } } };
  },
  errorFrame(breaks) {
    const error = breaks?.error ?? {
      message: 'The server had an error while processing your request. Sorry about that!',
      type: 'server_error',
      param: null,
      code: null,
    };
    return `data: ${JSON.stringify({ error })}\n\n`;
  },
};

const refusals: Record<
  WireFailure,
  { status: number; message: string; type: string; code: string | null; param?: string }
> = {
  rate_limited: {
    status: 429,
    message: 'Rate limit reached for requests per min. Limit: 500 / min. Please try again in 120ms.',
    type: 'requests',
    code: 'rate_limit_exceeded',
  },
  quota: {
    status: 429,
    message: 'You exceeded your current quota, please check your plan and billing details.',
    type: 'insufficient_quota',
    code: 'insufficient_quota',
  },
  server_error: {
    status: 500,
    message: 'The server had an error while processing your request. Sorry about that!',
    type: 'server_error',
    code: null,
  },
  overloaded: {
    status: 503,
    message: 'The engine is currently overloaded, please try again later.',
    type: 'server_error',
    code: null,
  },
  auth: {
    status: 401,
    message: 'Incorrect API key provided: sk-wrong.',
    type: 'invalid_request_error',
    code: 'invalid_api_key',
  },
  forbidden: {
    status: 403,
    message: 'Country, region, or territory not supported',
    type: 'request_forbidden',
    code: 'unsupported_country_region_territory',
  },
  context_too_long: {
    status: 400,
    message: "This model's maximum context length is 128000 tokens. However, your messages resulted in 130125 tokens.",
    type: 'invalid_request_error',
    code: 'context_length_exceeded',
    param: 'messages',
  },
  invalid_request: {
    status: 400,
    message:
      "Invalid value: 'robot'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'.",
    type: 'invalid_request_error',
    code: 'invalid_value',
    param: 'messages[0].role',
  },
  not_found: {
    status: 404,
    message: 'The model `none` does not exist or you do not have access to it.',
    type: 'invalid_request_error',
    code: 'model_not_found',
  },
};

function headOf(reply: WireReply, request: WireBody, object: string) {
  replies += 1;
  return {
    id: `chatcmpl-${replies.toString(36).padStart(8, '0')}`,
    object,
    created: createdSeconds,
    model: reply.model ?? String(request['model']),
    service_tier: 'default',
    system_fingerprint: 'fp_44709d6fcb',
  };
}

/** The parts of an event around its choices: serialized once for a stream, not once for a token. */
function splitAround(head: object): [string, string] {
  const mark = '"choices":0';
  const [before = '', after = ''] = JSON.stringify({ ...head, choices: 0, usage: null }).split(mark);
  return [`data: ${before}"choices":`, `${after}\n\n`];
}

function finishOf({ finish, toolCalls }: WireReply): string {
  return finish ?? ((toolCalls ?? []).length > 0 ? 'tool_calls' : 'stop');
}

function usageOf(reply: WireReply): object | null {
  if (reply.usage !== undefined) return reply.usage;
  const reasoning = piecesOf(reply.reasoning).length;
  const output =
    reasoning +
    piecesOf(reply.text).length +
    (reply.toolCalls ?? []).reduce((sum, call) => sum + argumentPieces(call.arguments).length + 1, 0);
  return {
    prompt_tokens: 20,
    completion_tokens: output,
    total_tokens: 20 + output,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: reasoning, audio_tokens: 0 },
  };
}

function idOf(call: { id?: string }, index: number): string {
  return call.id ?? `call_${replies.toString(36)}_${index}`;
}
