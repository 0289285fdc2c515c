import type { Json } from '../../lossless-json.ts';
import { findLangChainMessage } from '../langchain.ts';
import { isObject, type JsonObject } from '../message.ts';
import { structuredContent } from '../value.ts';

/**
 * What was given to a function, from the form in which it was recorded: the keyword arguments or the only positional one of
 * `{args, kwargs}`; what LangChain's callbacks and MCP's client wrap it in. Anything else as it is.
 */
export function unwrapInput(input: Json): Json {
  if (!isObject(input)) return input;
  const { args, kwargs, inputs, input_str: asText, arguments: given } = input;
  if (Array.isArray(args) && hasOnly(input, 'args', 'kwargs')) return unwrapCall(args, isObject(kwargs) ? kwargs : {});
  if (hasOnly(input, 'inputs', 'input_str', 'tags', 'metadata', 'kwargs') && !hasOnly(input, 'kwargs')) {
    return inputs ?? parsed(asText ?? input);
  }
  return 'tool_name' in input && hasOnly(input, 'tool_name', 'arguments') ? (given ?? {}) : input;
}

/** What a function gave back, without what LangChain's callbacks wrap it in. */
export function unwrapOutput(output: Json): Json {
  if (!isObject(output)) return output;
  const { output: one, outputs: several } = output;
  const inner = one ?? several;
  return inner !== undefined && hasOnly(output, 'output', 'outputs', 'kwargs') ? inner : output;
}

/** What a tool gave back, and what was said beside it. */
export interface ToolOutput {
  result?: Json | undefined;
  /** The tool's own name, where the span has its class's. */
  name?: string | undefined;
  callId?: string | undefined;
  hasFailed: boolean;
}

/** Reads LangChain's message for the model, `{result, is_error}` of MCP's client, or the bare result. */
export function readToolOutput(recorded: Json): ToolOutput {
  const output = unwrapOutput(recorded);
  const message = findLangChainMessage(output);
  if (message?.role === 'tool') {
    const { content, name, tool_call_id: callId, status } = message.fields;
    return {
      result: typeof content === 'string' ? structuredContent(content) : content,
      name: typeof name === 'string' ? name : undefined,
      callId: typeof callId === 'string' ? callId : undefined,
      hasFailed: status === 'error',
    };
  }
  if (isObject(output) && hasOnly(output, 'result', 'is_error')) {
    return { result: output['result'], hasFailed: output['is_error'] === true };
  }
  return { result: output, hasFailed: false };
}

function unwrapCall(args: readonly Json[], kwargs: JsonObject): Json {
  const isNamed = Object.keys(kwargs).length > 0;
  if (args.length === 0) return kwargs;
  if (isNamed) return { args: [...args], kwargs };
  return args.length === 1 ? parsed(args[0] ?? null) : [...args];
}

/** LangChain gives its tools their arguments as JSON text. */
function parsed(value: Json): Json {
  return typeof value === 'string' ? structuredContent(value) : value;
}

function hasOnly(object: JsonObject, ...names: string[]): boolean {
  const keys = Object.keys(object);
  return keys.length > 0 && keys.every((key) => names.includes(key));
}
