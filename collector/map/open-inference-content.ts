import type { Json } from '../lossless-json.ts';
import { tryParseJson } from '../lossless-json.ts';
import type { Attributes } from '../receive/otlp.ts';
import { fillCallIds } from './call-ids.ts';
import { findLangChainMessage } from './langchain.ts';
import { isObject, type JsonObject, readMessages } from './message.ts';
import type { SpanKind } from './names.ts';
import {
  fieldsOf,
  type FlatLists,
  keysOf,
  partly,
  type Piece,
  readDocuments,
  readEmbeddings,
  vectorKeys,
  whole,
} from './open-inference-lists.ts';
import { readFlatMessages, readFlatTexts } from './open-inference-messages.ts';
import type { IndexedEntry } from './indexed.ts';
import { readInstructions, readProviderRequest } from './provider-request.ts';
import type { ContentField, Reading, ReadSpan } from './reading.ts';
import { json, structured, structuredContent } from './value.ts';

/** A span as its content is read: which kind it is, and the attributes that hold JSON. */
export interface Said {
  attributes: Attributes;
  lists: FlatLists;
  kind: SpanKind | undefined;
  /** `input.value` and `output.value`. */
  input: Json | undefined;
  output: Json | undefined;
  /** What the response of a model says, where the output is one. */
  answered: Reading | undefined;
  parameters: JsonObject;
}

/** The content of a span: each field from the first place that has it. */
export function readOpenInferenceContent(said: Said): Omit<ReadSpan, 'sources'> {
  const reading: Reading = {};
  const content: Partial<Record<ContentField, readonly string[]>> = {};
  const restated: string[] = [];
  for (const { field, read, keys, whole } of [...readPayloads(said), ...readTools(said), ...readConversation(said)]) {
    const value = reading[field] === undefined ? read() : undefined;
    const taken = value !== undefined && !(Array.isArray(value) && value.length === 0);
    if (taken) Object.assign(reading, { [field]: value });
    if (taken && whole) content[field] = keys;
    else restated.push(...keys);
  }
  return { reading, content, restated, dropped: vectorKeys(said.lists) };
}

function readConversation({ lists, kind, input, output, answered, parameters }: Said): Piece[] {
  const isCall = kind === 'llm';
  const request = isCall && input !== undefined ? readProviderRequest(input) : undefined;
  const inputs = lists['llm.input_messages'];
  const outputs = lists['llm.output_messages'];
  const prompts = lists['llm.prompts'];
  const choices = lists['llm.choices'];
  const flatInput = inputs && fillCallIds(readFlatMessages(inputs, 'user'), request?.inputMessages ?? []);
  const flatOutput = outputs && fillCallIds(readFlatMessages(outputs, 'assistant'), answered?.outputMessages ?? []);
  const hasSystem = (flatInput ?? request?.inputMessages)?.some(({ role }) => role === 'system') === true;
  const flat = [
    whole('inputMessages', () => flatInput, keysOf(inputs)),
    whole('inputMessages', () => prompts && readFlatTexts(prompts, 'user'), keysOf(prompts)),
    whole('outputMessages', () => flatOutput, keysOf(outputs)),
    whole('outputMessages', () => choices && readFlatTexts(choices, 'assistant'), keysOf(choices)),
  ];
  if (!isCall) return flat;
  return [
    ...flat,
    partly('inputMessages', () => request?.inputMessages, ['input.value']),
    whole('inputMessages', () => (input === undefined ? undefined : readMessages(input, 'user')), ['input.value']),
    partly('outputMessages', () => answered?.outputMessages, ['output.value']),
    whole('outputMessages', () => (output === undefined ? undefined : readMessages(output, 'assistant')), [
      'output.value',
    ]),
    partly('toolDefinitions', () => request?.toolDefinitions, ['input.value']),
    partly('systemInstructions', () => (hasSystem ? undefined : request?.systemInstructions), ['input.value']),
    partly('systemInstructions', () => (hasSystem ? undefined : readInstructions(parameters)), []),
  ];
}

function readTools({ attributes, lists, kind }: Said): Piece[] {
  const tools = lists['llm.tools'];
  const schema = kind === 'tool' ? attributes.get('tool.json_schema') : undefined;
  return [
    whole('toolDefinitions', () => tools?.map(readDefinition), keysOf(tools)),
    whole('toolDefinitions', () => (schema === undefined ? undefined : [structured(schema)]), ['tool.json_schema']),
  ];
}

/** Usually nothing but a schema, which has the name and the description. */
function readDefinition({ fields }: IndexedEntry): Json {
  const { json_schema: schema, ...rest } = fieldsOf(fields);
  const parsed = typeof schema === 'string' ? (tryParseJson(schema) ?? schema) : schema;
  if (parsed === undefined) return rest;
  return Object.keys(rest).length === 0 ? parsed : { ...rest, json_schema: parsed };
}

function readPayloads({ attributes, lists, kind, input, output }: Said): Piece[] {
  switch (kind) {
    case 'llm':
      return [];
    case 'tool': {
      const parameters = attributes.get('tool.parameters');
      return [
        whole('toolArguments', () => input, ['input.value']),
        whole('toolArguments', () => (parameters === undefined ? undefined : structured(parameters)), [
          'tool.parameters',
        ]),
        partly('toolResult', () => findToolMessage(output)?.['content'], ['output.value']),
        whole('toolResult', () => output, ['output.value']),
      ];
    }
    case 'embedding':
      return readEmbeddings(lists, input, output);
    default:
      return [
        ...readDocuments(lists, attributes.get('reranker.query')),
        whole('inputValue', () => input, ['input.value']),
        whole('outputValue', () => output, ['output.value']),
      ];
  }
}

/** A tool's result as LangChain hands it to the model: the result stands inside, with the id of the call. */
export function findToolMessage(output: Json | undefined): Record<string, Json> | undefined {
  const message = findLangChainMessage(isObject(output) ? (output['output'] ?? output) : output);
  return message?.role === 'tool' && typeof message.fields['tool_call_id'] === 'string' ? message.fields : undefined;
}

/** `input.value` or `output.value`: JSON where it says so or looks like it. */
export function readValue(attributes: Attributes, side: 'input' | 'output'): Json | undefined {
  const value = attributes.get(`${side}.value`);
  const mime = attributes.get(`${side}.mime_type`);
  if (value === undefined || value === '') return undefined;
  if (mime === 'text/plain') return json(value);
  return mime === 'application/json' ? structured(value) : structuredContent(value);
}
