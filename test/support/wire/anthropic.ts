import {
  argumentPieces,
  piecesOf,
  type WireBody,
  type WireFailure,
  type WireProtocol,
  type WireReply,
} from './script.ts';

let replies = 0;

/** Anthropic Messages, as its API sends it. */
export const anthropicWire: WireProtocol = {
  basePath: '',
  path: '/v1/messages',
  frames(reply, request) {
    const usage = usageOf(reply);
    const message = { ...headOf(reply, request), content: [], stop_reason: null, stop_sequence: null };
    const open = [
      event('message_start', { message: { ...message, usage: { ...usage, output_tokens: 1 } } }),
      event('ping', {}),
    ].join('');
    const blocks = blocksOf(reply);
    const pieces = blocks.flatMap(({ start, deltas }, index) => {
      const opening = event('content_block_start', { index, content_block: start });
      const closing = event('content_block_stop', { index });
      const frames = deltas.map((delta) => event('content_block_delta', { index, delta }));
      if (frames.length === 0) return [`${opening}${closing}`];
      return frames.map((frame, i) => `${i === 0 ? opening : ''}${frame}${i === frames.length - 1 ? closing : ''}`);
    });
    const { cache_creation: _split, service_tier: _tier, inference_geo: _geo, ...total } = usage ?? {};
    const delta = { stop_reason: finishOf(reply), stop_sequence: null };
    return {
      open,
      pieces,
      close: `${event('message_delta', { delta, usage: total })}${event('message_stop', {})}`,
    };
  },
  whole(reply, request) {
    const content = blocksOf(reply).map(({ whole }) => whole);
    const usage = usageOf(reply);
    return { ...headOf(reply, request), content, stop_reason: finishOf(reply), stop_sequence: null, usage };
  },
  refusal({ fail, message }) {
    const { status, ...error } = refusals[fail];
    const said = { ...error, ...(message !== undefined && { message }) };
    return { status, body: { type: 'error', error: said, request_id: 'req_011CSHoEeqs5C35K2UUqR7Fy' } };
  },
  errorFrame(breaks) {
    return event('error', { error: breaks?.error ?? { type: 'overloaded_error', message: 'Overloaded' } });
  },
};

const refusals: Record<WireFailure, { status: number; type: string; message: string }> = {
  rate_limited: {
    status: 429,
    type: 'rate_limit_error',
    message: "This request would exceed your organization's rate limit of 50 requests per minute.",
  },
  quota: {
    status: 400,
    type: 'invalid_request_error',
    message: 'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade.',
  },
  server_error: { status: 500, type: 'api_error', message: 'Internal server error' },
  overloaded: { status: 529, type: 'overloaded_error', message: 'Overloaded' },
  auth: { status: 401, type: 'authentication_error', message: 'invalid x-api-key' },
  forbidden: {
    status: 403,
    type: 'permission_error',
    message: 'Your API key does not have permission to use the specified resource.',
  },
  context_too_long: {
    status: 400,
    type: 'invalid_request_error',
    message: 'prompt is too long: 200123 tokens > 200000 maximum',
  },
  invalid_request: {
    status: 400,
    type: 'invalid_request_error',
    message: 'messages: roles must alternate between "user" and "assistant"',
  },
  not_found: { status: 404, type: 'not_found_error', message: 'model: none' },
};

interface Block {
  start: object;
  deltas: object[];
  whole: object;
}

function blocksOf(reply: WireReply): Block[] {
  const blocks: Block[] = [];
  const thinking = piecesOf(reply.reasoning);
  if (thinking.length > 0) {
    const signature = 'EqQBCgIYAhIkZmFrZS1zaWduYXR1cmUtb2YtdGhpbmtpbmc=';
    blocks.push({
      start: { type: 'thinking', thinking: '', signature: '' },
      deltas: [
        ...thinking.map((text) => ({ type: 'thinking_delta', thinking: text })),
        { type: 'signature_delta', signature },
      ],
      whole: { type: 'thinking', thinking: thinking.join(''), signature },
    });
  }
  const text = piecesOf(reply.text);
  if (text.length > 0) {
    blocks.push({
      start: { type: 'text', text: '' },
      deltas: text.map((one) => ({ type: 'text_delta', text: one })),
      whole: { type: 'text', text: text.join(''), citations: null },
    });
  }
  for (const [index, call] of (reply.toolCalls ?? []).entries()) {
    const block = { type: 'tool_use', id: call.id ?? `toolu_${replies.toString(36)}_${index}`, name: call.name };
    const pieces = argumentPieces(call.arguments);
    blocks.push({
      start: { ...block, input: {} },
      deltas: ['', ...pieces].map((partial_json) => ({ type: 'input_json_delta', partial_json })),
      whole: { ...block, input: JSON.parse(pieces.join('')) as unknown },
    });
  }
  return blocks;
}

function headOf(reply: WireReply, request: WireBody) {
  replies += 1;
  const id = `msg_${replies.toString(36).padStart(8, '0')}`;
  return { id, type: 'message', role: 'assistant', model: reply.model ?? String(request['model']) };
}

function finishOf({ finish, toolCalls }: WireReply): string {
  return finish ?? ((toolCalls ?? []).length > 0 ? 'tool_use' : 'end_turn');
}

function usageOf(reply: WireReply): Record<string, unknown> | undefined {
  if (reply.usage === null) return undefined;
  if (reply.usage !== undefined) return reply.usage;
  const output = blocksOf(reply).reduce((sum, { deltas }) => sum + deltas.length, 0);
  return {
    input_tokens: 20,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: output,
    service_tier: 'standard',
  };
}

function event(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}
