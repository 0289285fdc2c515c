import { createHash } from 'node:crypto';
import type { WireSpan } from './otlp-encode.ts';
import { createTraceWriter } from './shop-trace.ts';

type Json = Record<string, unknown>;
type Message = { role: string; parts: Json[]; finish_reason?: string };

const system = [
  'You are the support agent of a shop for garden tools.',
  'Be kind and brief. Never promise a date that no tool told you.',
  'Refunds take 5 to 7 days after the parcel has arrived with us.',
].join('\n');
const systemLater = system.replace('Be kind and brief.', 'Be kind and exact; say which order you speak of.');
const tools = ['lookup_order', 'refund_status', 'research'].map((name) => ({
  type: 'function',
  name,
  description: `The ${name.replace('_', ' ')} tool.`,
  parameters: { type: 'object', properties: { id: { type: 'integer' } } },
}));

const text = (role: string, content: string): Message => ({ role, parts: [{ type: 'text', content }] });
const calls = (...list: [id: string, name: string, args: Json][]): Message => ({
  role: 'assistant',
  parts: list.map(([id, name, args]) => ({ type: 'tool_call', id, name, arguments: args })),
});
const answerTo = (id: string, response: unknown): Message => ({
  role: 'tool',
  parts: [{ type: 'tool_call_response', id, response }],
});

const order = { id: 1042, state: 'returned', total: 1204.5, parcel: { arrived: '2026-11-20', carrier: 'DHL' } };
const shed = [
  '| shed | area | price |',
  '|---|---|---|',
  '| Elm 4 | 4 m² | $890.00 |',
  '| Oak 6 | 6 m² | $1,340.00 |',
].join('\n');

/** The messages of each turn but the last, in the order in which they became history. */
const history = {
  asked: text('user', 'Where is my **refund** for order 1042?'),
  looked: calls(['call_1', 'lookup_order', { id: 1042 }]),
  found: answerTo('call_1', order),
  told: text(
    'assistant',
    'Order **1042** came back on 2026-11-20. Your refund of $1,204.50 takes 5 to 7 days from then.',
  ),
  shedAsked: text('user', 'Thanks. Which of your sheds fits on 5 m²?'),
  researched: calls(['call_2', 'research', { question: 'sheds on at most 5 m²' }]),
  researchFound: answerTo('call_2', 'Only the Elm 4 fits: 4 m², $890.00.'),
  shedTold: text('assistant', `Only one of ours fits:\n\n${shed}\n\nThe **Elm 4** it is.`),
  again: text('user', 'And has the refund been booked by now?'),
  status: calls(['call_3', 'refund_status', { order: 1042 }]),
  statusFailed: answerTo('call_3', 'timeout after 700 ms'),
  sorry: text('assistant', 'I could not find out: our booking system does not answer. Please ask again later.'),
  summary: text(
    'user',
    'Summary of the conversation so far: refund of order 1042 waits; the customer likes the Elm 4 shed.',
  ),
  buy: text('user', 'Then reserve the Elm 4 for me, please.'),
};

interface Call {
  spanId: string;
  parentSpanId: string;
  fromMs: number;
  toMs: number;
  input: Message[];
  output: Message[];
  prompt?: string;
  tokens: [input: number, output: number, cached?: number];
  model?: string;
  withTools?: boolean;
}

/** Ids of the session's spans that tests go to. */
export const shopSteps = {
  lookup: 'b100000000000003',
  toldRefund: 'b100000000000004',
  subAgent: 'b200000000000004',
  subAnswer: 'b200000000000007',
  shedAnswer: 'b200000000000008',
  failedTool: 'b300000000000003',
  editedPrompt: 'b300000000000002',
  compacted: 'b400000000000002',
} as const;

/**
 * A conversation of four turns, a trace each: a tool loop, a sub-agent behind a tool, an edited prompt and a tool that fails,
 * and a compacted history.
 */
export function makeShopSession({ sessionId, startMs }: { sessionId: string; startMs: number }): WireSpan[] {
  const traceIdOf = (turn: number) => createHash('sha256').update(`${sessionId} ${turn}`).digest('hex').slice(0, 32);
  const write = (turn: number, atMs: number) => {
    const span = createTraceWriter({ traceId: traceIdOf(turn), startMs: startMs + atMs });
    const spans: WireSpan[] = [];
    return {
      spans,
      agent: (spanId: string, [fromMs, toMs]: [number, number], name = 'support', parentSpanId?: string) =>
        spans.push(
          span({
            spanId,
            ...(parentSpanId !== undefined && { parentSpanId }),
            name: `invoke_agent ${name}`,
            fromMs,
            toMs,
            attributes: {
              'gen_ai.operation.name': 'invoke_agent',
              'gen_ai.agent.name': name,
              ...(parentSpanId === undefined && { 'session.id': sessionId, 'user.id': 'kim@example.org' }),
            },
          }),
        ),
      call: ({ spanId, parentSpanId, fromMs, toMs, input, output, ...call }: Call) => {
        const { prompt = system, tokens, model = 'gpt-4o', withTools = true } = call;
        spans.push(
          span({
            spanId,
            parentSpanId,
            name: `chat ${model}`,
            fromMs,
            toMs,
            attributes: {
              'gen_ai.operation.name': 'chat',
              'gen_ai.provider.name': 'openai',
              'gen_ai.request.model': model,
              'gen_ai.response.model': model,
              'gen_ai.request.temperature': 0.2,
              'gen_ai.usage.input_tokens': tokens[0],
              'gen_ai.usage.output_tokens': tokens[1],
              ...(tokens[2] !== undefined && { 'gen_ai.usage.cache_read.input_tokens': tokens[2] }),
              'gen_ai.system_instructions': JSON.stringify([{ type: 'text', content: prompt }]),
              ...(withTools && { 'gen_ai.tool.definitions': JSON.stringify(tools) }),
              'gen_ai.input.messages': JSON.stringify(input),
              'gen_ai.output.messages': JSON.stringify(output),
            },
          }),
        );
      },
      tool: (
        spanId: string,
        parentSpanId: string,
        [fromMs, toMs]: [number, number],
        tool: { name: string; id: string; args: Json; result?: unknown; error?: string },
      ) =>
        spans.push(
          span({
            spanId,
            parentSpanId,
            name: `execute_tool ${tool.name}`,
            fromMs,
            toMs,
            ...(tool.error !== undefined && { error: tool.error }),
            attributes: {
              'gen_ai.operation.name': 'execute_tool',
              'gen_ai.tool.name': tool.name,
              'gen_ai.tool.call.id': tool.id,
              'gen_ai.tool.call.arguments': JSON.stringify(tool.args),
              ...(tool.result !== undefined && { 'gen_ai.tool.call.result': JSON.stringify(tool.result) }),
              ...(tool.error !== undefined && { 'error.type': 'TimeoutError' }),
            },
          }),
        ),
    };
  };
  return [
    turnOfRefund(write(1, 0)),
    turnOfShed(write(2, 45_000)),
    turnOfStatus(write(3, 120_000)),
    turnOfPurchase(write(4, 3_720_000)),
  ].flat();

  type Writer = ReturnType<typeof write>;

  function turnOfRefund({ spans, agent, call, tool }: Writer): WireSpan[] {
    const { asked, looked, found, told } = history;
    agent('b100000000000001', [0, 4_000]);
    const thinking = {
      type: 'reasoning',
      content: 'The customer asks for a refund. I have to look the order up first.',
    };
    call({
      spanId: 'b100000000000002',
      parentSpanId: 'b100000000000001',
      fromMs: 20,
      toMs: 1_100,
      input: [asked],
      output: [{ role: 'assistant', parts: [thinking, ...looked.parts], finish_reason: 'tool_call' }],
      tokens: [412, 38],
    });
    tool(shopSteps.lookup, 'b100000000000001', [1_120, 1_400], {
      name: 'lookup_order',
      id: 'call_1',
      args: { id: 1042 },
      result: order,
    });
    call({
      spanId: shopSteps.toldRefund,
      parentSpanId: 'b100000000000001',
      fromMs: 1_420,
      toMs: 3_980,
      input: [asked, looked, found],
      output: [{ ...told, finish_reason: 'stop' }],
      tokens: [534, 41, 384],
    });
    return spans;
  }

  function turnOfShed({ spans, agent, call, tool }: Writer): WireSpan[] {
    const { asked, looked, found, told, shedAsked, researched, researchFound, shedTold } = history;
    const before = [asked, looked, found, told, shedAsked];
    agent('b200000000000001', [0, 9_000]);
    call({
      spanId: 'b200000000000002',
      parentSpanId: 'b200000000000001',
      fromMs: 10,
      toMs: 900,
      input: before,
      output: [{ ...researched, finish_reason: 'tool_call' }],
      tokens: [598, 24, 512],
    });
    tool('b200000000000003', 'b200000000000001', [920, 6_500], {
      name: 'research',
      id: 'call_2',
      args: { question: 'sheds on at most 5 m²' },
      result: 'Only the Elm 4 fits: 4 m², $890.00.',
    });
    agent(shopSteps.subAgent, [940, 6_480], 'researcher', 'b200000000000003');
    const question = text('user', 'Which sheds fit on at most 5 m²?');
    const searched = calls(['call_s1', 'search_catalogue', { query: 'shed', maxArea: 5 }]);
    const prompt = 'You search the catalogue. Answer in one sentence.';
    call({
      spanId: 'b200000000000005',
      parentSpanId: shopSteps.subAgent,
      fromMs: 960,
      toMs: 2_200,
      input: [question],
      output: [{ ...searched, finish_reason: 'tool_call' }],
      prompt,
      tokens: [96, 21],
      model: 'gpt-4o-mini',
      withTools: false,
    });
    tool('b200000000000006', shopSteps.subAgent, [2_220, 2_900], {
      name: 'search_catalogue',
      id: 'call_s1',
      args: { query: 'shed', maxArea: 5 },
      result: [{ name: 'Elm 4', area: 4, price: 890 }],
    });
    call({
      spanId: shopSteps.subAnswer,
      parentSpanId: shopSteps.subAgent,
      fromMs: 2_920,
      toMs: 6_400,
      input: [question, searched, answerTo('call_s1', [{ name: 'Elm 4', area: 4, price: 890 }])],
      output: [{ ...text('assistant', 'Only the Elm 4 fits: 4 m², $890.00.'), finish_reason: 'stop' }],
      prompt,
      tokens: [141, 17],
      model: 'gpt-4o-mini',
      withTools: false,
    });
    call({
      spanId: shopSteps.shedAnswer,
      parentSpanId: 'b200000000000001',
      fromMs: 6_520,
      toMs: 8_980,
      input: [...before, researched, researchFound],
      output: [{ ...shedTold, finish_reason: 'stop' }],
      tokens: [655, 62, 598],
    });
    return spans;
  }

  function turnOfStatus({ spans, agent, call, tool }: Writer): WireSpan[] {
    const { asked, looked, found, told, shedAsked, researched, researchFound, shedTold } = history;
    const { again, status, statusFailed, sorry } = history;
    const before = [asked, looked, found, told, shedAsked, researched, researchFound, shedTold, again];
    agent('b300000000000001', [0, 3_000]);
    call({
      spanId: shopSteps.editedPrompt,
      parentSpanId: 'b300000000000001',
      fromMs: 10,
      toMs: 800,
      input: before,
      output: [{ ...status, finish_reason: 'tool_call' }],
      prompt: systemLater,
      tokens: [742, 19],
    });
    tool(shopSteps.failedTool, 'b300000000000001', [820, 1_520], {
      name: 'refund_status',
      id: 'call_3',
      args: { order: 1042 },
      error: 'no answer within 700 ms',
    });
    call({
      spanId: 'b300000000000004',
      parentSpanId: 'b300000000000001',
      fromMs: 1_540,
      toMs: 2_980,
      input: [...before, status, statusFailed],
      output: [{ ...sorry, finish_reason: 'stop' }],
      prompt: systemLater,
      tokens: [781, 27, 640],
    });
    return spans;
  }

  function turnOfPurchase({ spans, agent, call }: Writer): WireSpan[] {
    agent('b400000000000001', [0, 2_000]);
    call({
      spanId: shopSteps.compacted,
      parentSpanId: 'b400000000000001',
      fromMs: 10,
      toMs: 1_980,
      input: [history.summary, history.sorry, history.buy],
      output: [{ ...text('assistant', 'Done: the Elm 4 is reserved for you until Friday.'), finish_reason: 'stop' }],
      prompt: systemLater,
      tokens: [388, 15],
    });
    return spans;
  }
}
