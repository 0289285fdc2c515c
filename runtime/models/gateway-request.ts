import { z } from 'zod';
import type { Message, ModelRequest, ToolSpec, UserPart } from './model.ts';

/** What a request may hold at most. */
export const requestLimits = {
  model: 300,
  messages: 10_000,
  tools: 200,
  stop: 4,
  metadata: 16,
  metadataKey: 64,
  metadataValue: 512,
};

const shownKeyLength = 64;

/** A field of the request that is not as it must be; the message names it and what is allowed. */
export class RequestFault extends Error {
  override readonly name = 'RequestFault';
  readonly param: string;

  constructor(param: string, message: string) {
    super(message);
    this.param = param;
  }
}

const textPart = z.object({ type: z.literal('text'), text: z.string() });
const imagePart = z.object({ type: z.literal('image_url'), image_url: z.object({ url: z.string().min(1) }) });
const parts = z.array(z.discriminatedUnion('type', [textPart, imagePart])).min(1);
const texts = z.union([z.string(), z.array(textPart).transform((all) => all.map(({ text }) => text).join(''))]);

/** What an assistant said; a refusal is what it said, too. */
const refusalPart = z.object({ type: z.literal('refusal'), refusal: z.string() });
const saidParts = z.array(z.discriminatedUnion('type', [textPart, refusalPart]));
const said = z.union([
  z.string(),
  saidParts.transform((all) => all.map((part) => (part.type === 'text' ? part.text : part.refusal)).join('')),
]);

const toolCall = z.object({
  id: z.string().min(1),
  type: z.literal('function'),
  function: z.object({ name: z.string().min(1), arguments: z.string() }),
});

const message = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'developer']), content: texts }),
  z.object({ role: z.literal('user'), content: z.union([z.string(), parts]) }),
  z.object({
    role: z.literal('assistant'),
    content: said.nullish(),
    refusal: z.string().nullish(),
    tool_calls: z.array(toolCall).nullish(),
  }),
  z.object({ role: z.literal('tool'), tool_call_id: z.string().min(1), content: texts }),
]);

const schemaObject = z.record(z.string(), z.unknown());

const body = z.looseObject({
  model: z.string().min(1).max(requestLimits.model),
  messages: z.array(message).min(1).max(requestLimits.messages),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  tools: z
    .array(
      z.object({
        type: z.literal('function'),
        function: z.object({
          name: z.string().min(1).max(128),
          description: z.string().nullish(),
          parameters: schemaObject.nullish(),
        }),
      }),
    )
    .max(requestLimits.tools)
    .nullish(),
  tool_choice: z
    .union([
      z.enum(['auto', 'none', 'required']),
      z.object({ type: z.literal('function'), function: z.object({ name: z.string() }) }),
    ])
    .nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(requestLimits.stop)]).nullish(),
  seed: z.int().nullish(),
  n: z.literal(1).nullish(),
  response_format: z
    .discriminatedUnion('type', [
      z.object({ type: z.literal('text') }),
      z.object({ type: z.literal('json_object') }),
      z.object({ type: z.literal('json_schema'), json_schema: z.object({ name: z.string(), schema: schemaObject }) }),
    ])
    .nullish(),
  reasoning_effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh']).nullish(),
  user: z.string().min(1).max(256).nullish(),
  metadata: z
    .record(z.string().max(requestLimits.metadataKey), z.string().max(requestLimits.metadataValue))
    .refine((all) => Object.keys(all).length <= requestLimits.metadata)
    .nullish(),
});

const allowed: Readonly<Record<string, string>> = {
  model: 'agent/NAME or PROVIDER/MODEL',
  messages: `a list of 1 to ${requestLimits.messages} messages with role and content`,
  role: 'system, developer, user, assistant, tool',
  content: 'text, or a list of parts of type text or image_url',
  stream: 'true, false',
  stream_options: '{ include_usage: true or false }',
  tools: `at most ${requestLimits.tools} tools of type function`,
  tool_choice: 'auto, none, required, or { type: function, function: { name } }',
  parallel_tool_calls: 'true, false',
  temperature: 'a number from 0 to 2',
  top_p: 'a number from 0 to 1',
  max_tokens: 'a whole number from 1',
  max_completion_tokens: 'a whole number from 1',
  stop: `text, or a list of at most ${requestLimits.stop} texts`,
  seed: 'a whole number',
  n: '1',
  response_format: '{ type: text }, { type: json_object } or { type: json_schema, json_schema: { name, schema } }',
  reasoning_effort: 'none, minimal, low, medium, high, xhigh',
  user: 'text of 1 to 256 characters',
  metadata: `at most ${requestLimits.metadata} texts by name`,
};

export interface ChatRequest {
  /** `agent/NAME` or `PROVIDER/MODEL` */
  model: string;
  isStream: boolean;
  includesUsage: boolean;
  user: string | null;
  metadata: Readonly<Record<string, string>>;
  /** Everything for a model; its own `model` is the caller's business. */
  request: Omit<ModelRequest, 'model'>;
}

/**
 * Reads the body of a Chat Completions request. What has no place in a request to every provider goes along as `passthrough`, for
 * those that speak this protocol. Throws a RequestFault.
 */
export function readChatRequest(value: unknown): ChatRequest {
  const parsed = body.safeParse(value);
  if (!parsed.success) throw describeFault(parsed.error, value);
  const sent = parsed.data;
  const names = new Map<string, string>();
  const messages = sent.messages.map((one, place) => readMessage(one, place, names));
  return {
    model: sent.model,
    isStream: sent.stream ?? false,
    includesUsage: sent.stream_options?.include_usage ?? false,
    user: sent.user ?? null,
    metadata: sent.metadata ?? {},
    request: {
      messages,
      tools: (sent.tools ?? []).map(readTool),
      toolChoice: readChoice(sent.tool_choice),
      parallelToolCalls: sent.parallel_tool_calls ?? undefined,
      temperature: sent.temperature ?? undefined,
      topP: sent.top_p ?? undefined,
      maxOutputTokens: sent.max_completion_tokens ?? sent.max_tokens ?? undefined,
      stop: typeof sent.stop === 'string' ? [sent.stop] : (sent.stop ?? undefined),
      seed: sent.seed ?? undefined,
      reasoningEffort: readEffort(sent.reasoning_effort),
      output: readFormat(sent.response_format),
      user: sent.user ?? undefined,
      passthrough: readPassthrough(value as Readonly<Record<string, unknown>>),
    },
  };
}

function readMessage(sent: z.infer<typeof message>, place: number, names: Map<string, string>): Message {
  switch (sent.role) {
    case 'system':
    case 'developer':
      return { role: 'system', text: sent.content };
    case 'user':
      return { role: 'user', content: readContent(sent.content) };
    case 'assistant': {
      const toolCalls = (sent.tool_calls ?? []).map(({ id, function: called }) => ({ id, ...called }));
      for (const { id, name } of toolCalls) names.set(id, name);
      return { role: 'assistant', text: sent.content ?? sent.refusal ?? '', toolCalls };
    }
    case 'tool': {
      const name = names.get(sent.tool_call_id);
      if (name === undefined) {
        const param = `messages[${place}].tool_call_id`;
        throw new RequestFault(
          param,
          `${param} ${JSON.stringify(cutName(sent.tool_call_id))} is not the id of a tool call before it`,
        );
      }
      return { role: 'tool', callId: sent.tool_call_id, name, text: sent.content, isError: false };
    }
  }
}

function readContent(content: string | z.infer<typeof parts>): UserPart[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return content.map((part) => (part.type === 'text' ? part : { type: 'image', url: part.image_url.url }));
}

function readTool({ function: declared }: NonNullable<z.infer<typeof body>['tools']>[number]): ToolSpec {
  const { name, description, parameters } = declared;
  return { name, description: description ?? undefined, input: parameters ?? { type: 'object', properties: {} } };
}

function readChoice(choice: z.infer<typeof body>['tool_choice']): ModelRequest['toolChoice'] {
  if (choice === undefined || choice === null) return undefined;
  return typeof choice === 'string' ? choice : { name: choice.function.name };
}

function readFormat(format: z.infer<typeof body>['response_format']): ModelRequest['output'] {
  if (format?.type === 'json_schema') return format.json_schema;
  return format?.type === 'json_object' ? { name: 'answer', schema: { type: 'object' } } : undefined;
}

/** Other providers have neither the least nor the most. */
function readEffort(effort: z.infer<typeof body>['reasoning_effort']): ModelRequest['reasoningEffort'] {
  if (effort === undefined || effort === null || effort === 'none') return undefined;
  return effort === 'xhigh' ? 'high' : effort;
}

/** As they were sent: fields that we do not know, and those of which a request keeps less than the caller said. */
const keptWhole: ReadonlySet<string> = new Set(['response_format', 'reasoning_effort', 'tools']);

function readPassthrough(sent: Readonly<Record<string, unknown>>): ModelRequest['passthrough'] {
  const kept = Object.entries(sent).filter(([key, value]) => {
    if (value === undefined || value === null) return false;
    // OpenAI takes metadata of stored completions only.
    if (key === 'metadata') return sent['store'] === true;
    // An empty list of tools is refused.
    if (Array.isArray(value) && value.length === 0) return false;
    return keptWhole.has(key) || !Object.hasOwn(body.shape, key);
  });
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

/** The first fault: its path, what stands there if it is short, what is allowed. */
function describeFault(error: z.ZodError, value: unknown): RequestFault {
  const path = error.issues[0]?.path ?? [];
  if (path.length === 0) return new RequestFault('body', 'the body must be a JSON object');
  const param = path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}${text === '' ? '' : '.'}${cutName(key)}`),
    '',
  );
  const found = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
  const field = path.findLast((key) => typeof key === 'string' && allowed[key] !== undefined);
  const wanted = field === undefined ? '' : `, allowed: ${allowed[String(field)] ?? ''}`;
  return new RequestFault(param, `${param} is ${found === undefined ? 'missing' : `wrong${shorten(found)}`}${wanted}`);
}

/** Names in the metadata and ids of calls are the caller’s own. */
function cutName(key: PropertyKey): string {
  const name = String(key);
  return name.length > shownKeyLength ? `${name.slice(0, shownKeyLength)}…` : name;
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? '' : ` (got ${text})`;
}
