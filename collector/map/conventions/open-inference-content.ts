import type { Json } from '../../lossless-json.ts';
import { tryParseJson } from '../../lossless-json.ts';
import type { AnyValue } from '../../receive/otlp.ts';
import { fillCallIds } from '../call-ids.ts';
import type { IndexedEntry } from '../indexed.ts';
import { type CanonicalMessage, readMessages } from '../message.ts';
import { fieldsOf, flatList, readDocument } from './open-inference-lists.ts';
import { readFlatMessages } from './open-inference-messages.ts';
import { readInstructions, readProviderRequest } from '../provider-request.ts';
import { readProviderResponse } from '../provider-response.ts';
import type { Reading } from '../reading.ts';
import type { Source } from '../source.ts';
import { json, structured, structuredContent } from '../value.ts';

// What the table of OpenInference finds in a span once, for several of its rows.

/** `input.value` or `output.value`: JSON where it says so or looks like it. */
export function readSide(side: 'input' | 'output') {
  return (value: AnyValue, { attributes }: Source): Json | undefined => {
    const mime = attributes.get(`${side}.mime_type`);
    if (value === '') return undefined;
    if (mime === 'text/plain') return json(value);
    return mime === 'application/json' ? structured(value) : structuredContent(value);
  };
}

/** The raw request of a model call, where the input is one. */
export function readRequest(source: Source): Reading | undefined {
  const input = source.once(readInput);
  return input === undefined ? undefined : readProviderRequest(input);
}

/** The raw response of a model call, where the output is one. */
export function readAnswer(source: Source): Reading | undefined {
  const output = source.once(readOutput);
  return output === undefined ? undefined : readProviderResponse(output);
}

export function readInput(source: Source): Json | undefined {
  const value = source.attributes.get('input.value');
  return value === undefined ? undefined : readSide('input')(value, source);
}

export function readOutput(source: Source): Json | undefined {
  const value = source.attributes.get('output.value');
  return value === undefined ? undefined : readSide('output')(value, source);
}

/** Messages in flat names, with ids of calls that only the raw request has. */
export function readInputList(entries: IndexedEntry[], source: Source): CanonicalMessage[] {
  return fillCallIds(readFlatMessages(entries, 'user'), source.once(readRequest)?.inputMessages ?? []);
}

/** As `readInputList`, of the answer. */
export function readOutputList(entries: IndexedEntry[], source: Source): CanonicalMessage[] {
  return fillCallIds(readFlatMessages(entries, 'assistant'), source.once(readAnswer)?.outputMessages ?? []);
}

/** What is no request or response at all, as messages. */
export function readWhole(value: Json | undefined, role: string): CanonicalMessage[] | undefined {
  return value === undefined ? undefined : readMessages(value, role);
}

/** The instructions of the request, unless the messages begin with them. */
export function readRequestInstructions(source: Source): CanonicalMessage[] | undefined {
  const given = source.once(readRequest)?.systemInstructions;
  return given === undefined || hasSystemMessage(source) ? undefined : given;
}

/** The instructions among the parameters, unless the messages begin with them. */
export function readParameterInstructions(source: Source): CanonicalMessage[] | undefined {
  const given = readInstructions(source.object('llm.invocation_parameters'));
  return given === undefined || hasSystemMessage(source) ? undefined : given;
}

function hasSystemMessage(source: Source): boolean {
  const entries = flatList(source, 'llm.input_messages');
  const messages = entries ? readFlatMessages(entries, 'user') : source.once(readRequest)?.inputMessages;
  return messages?.some(({ role }) => role === 'system') === true;
}

/** Usually nothing but a schema, which has the name and the description. */
export function readDefinition({ fields }: IndexedEntry): Json {
  const { json_schema: schema, ...rest } = fieldsOf(fields);
  const parsed = typeof schema === 'string' ? (tryParseJson(schema) ?? schema) : schema;
  if (parsed === undefined) return rest;
  return Object.keys(rest).length === 0 ? parsed : { ...rest, json_schema: parsed };
}

/** What a reranker was asked: the query, and the documents to put in order. */
export function readRanking(source: Source): Json | undefined {
  const query = source.attributes.get('reranker.query');
  const given = flatList(source, 'reranker.input_documents');
  if (query === undefined && given === undefined) return undefined;
  return {
    ...(query === undefined ? {} : { query: json(query) }),
    ...(given === undefined ? {} : { documents: given.map(readDocument) }),
  };
}
