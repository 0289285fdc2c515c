import type { Json } from '../lossless-json.ts';
import { isObject, type JsonObject } from './message.ts';

/** Classes of messages; each has a variant for streams, `AIMessageChunk`. */
const roleOfClass: ReadonlyMap<string, string> = new Map(
  Object.entries({
    HumanMessage: 'user',
    AIMessage: 'assistant',
    SystemMessage: 'system',
    ToolMessage: 'tool',
    FunctionMessage: 'tool',
  }),
);

/** The `type` of messages in LangChain's plain form. */
const roleOfType: ReadonlyMap<string, string> = new Map(
  Object.entries({ human: 'user', ai: 'assistant', system: 'system', tool: 'tool', function: 'tool' }),
);

/** A message of LangChain: who spoke, and its fields by LangChain's own names. */
export interface LangChainMessage {
  role: string;
  fields: JsonObject;
}

/**
 * Reads what LangChain serialises: `{lc, type: "constructor", id: […, "HumanMessage"], kwargs}`, or the plain
 * `{type: "human", content}`, with its fields under `data` in some versions. Undefined for anything else.
 */
export function findLangChainMessage(value: Json | undefined): LangChainMessage | undefined {
  if (!isObject(value)) return undefined;
  const { lc, type, id, kwargs, data } = value;
  if (lc !== undefined && type === 'constructor' && Array.isArray(id) && isObject(kwargs)) {
    const name = id.at(-1);
    const sent = typeof kwargs['role'] === 'string' ? kwargs['role'] : undefined;
    const role = typeof name === 'string' ? (roleOfClass.get(name.replace(/Chunk$/, '')) ?? sent) : sent;
    return role === undefined ? undefined : { role, fields: kwargs };
  }
  const role = typeof type === 'string' && !('role' in value) ? roleOfType.get(type) : undefined;
  if (role === undefined) return undefined;
  if (isObject(data) && 'content' in data) return { role, fields: data };
  return 'content' in value ? { role, fields: value } : undefined;
}

/** A tool's result as LangChain hands it to the model: the result stands inside, with the id of the call. */
export function findToolMessage(output: Json | undefined): JsonObject | undefined {
  const message = findLangChainMessage(isObject(output) ? (output['output'] ?? output) : output);
  return message?.role === 'tool' && typeof message.fields['tool_call_id'] === 'string' ? message.fields : undefined;
}

/** The message in OpenAI's shape. */
export function toChatMessage({ role, fields }: LangChainMessage): JsonObject {
  const { content = null, additional_kwargs: additional, tool_call_id: callId, name } = fields;
  const own = Array.isArray(fields['tool_calls']) ? fields['tool_calls'] : [];
  const sent = isObject(additional) && Array.isArray(additional['tool_calls']) ? additional['tool_calls'] : [];
  const inContent = Array.isArray(content) && content.some((part) => isObject(part) && part['type'] === 'tool_use');
  const calls = inContent ? [] : own.length > 0 ? own.map(toChatCall) : sent;
  return {
    role,
    content,
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...(typeof callId === 'string' ? { tool_call_id: callId } : {}),
    ...(role === 'tool' && typeof name === 'string' ? { name } : {}),
  };
}

function toChatCall(call: Json): Json {
  if (!isObject(call)) return call;
  const { id = null, name = null, args = null } = call;
  return { id, function: { name, arguments: args } };
}
