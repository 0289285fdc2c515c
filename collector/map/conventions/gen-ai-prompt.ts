import type { Json } from '../../lossless-json.ts';
import type { AnyValue } from '../../receive/otlp.ts';
import { findToolMessage } from '../langchain.ts';
import { runKind } from './langsmith.ts';
import { isObject, readMessages } from '../message.ts';
import type { SpanKind } from '../names.ts';
import { readProviderRequest } from '../provider-request.ts';
import { readCacheWrites, readProviderResponse } from '../provider-response.ts';
import { readProviderUsage } from '../provider-usage.ts';
import { operationKind } from '../readers.ts';
import type { Reading } from '../reading.ts';
import type { Source } from '../source.ts';
import { fromTable, part, row, whole } from '../table.ts';
import type { RawUsage } from '../usage.ts';
import { count, structured, structuredContent } from '../value.ts';
import { withoutVectors } from '../vectors.ts';

const prompt = 'gen_ai.prompt';
const completion = 'gen_ai.completion';

/**
 * What went in and came out as JSON in `gen_ai.prompt` and `gen_ai.completion`: the request to a provider and its response,
 * or the arguments of a tool and its result. By LangSmith, and by Mastra before 1.0.
 */
export const genAiPrompt = fromTable({
  name: 'otel-gen-ai-prompt',
  speaks: ({ attributes }) => attributes.has(prompt) || attributes.has(completion),
  rows: [
    ...(['responseModel', 'responseId', 'finishReasons', 'serviceTier'] as const).map((field) =>
      row(field, completion, (_value, source) => source.once(readResponse)?.[field]),
    ),
    ...(['cacheRead', 'cacheWrite', 'reasoning'] as const).map((counted) =>
      row(`usage.${counted}`, completion, (_value, source) => source.once(readUsage)[counted]),
    ),
    row('usage.cacheWrite5m', completion, (_value, source) => readCacheWrites(source.json(completion)).cacheWrite5m),
    row('usage.cacheWrite1h', completion, (_value, source) => readCacheWrites(source.json(completion)).cacheWrite1h),
    row('toolCallId', completion, (_value, source) => textOf(source.once(readToolMessage)?.['tool_call_id'])),

    part('inputMessages', prompt, (_value, source) => source.once(readRequest)?.inputMessages),
    whole(
      'inputMessages',
      prompt,
      of('llm', (value) => readMessages(structuredContent(value), 'user')),
    ),
    part('systemInstructions', prompt, (_value, source) => source.once(readRequest)?.systemInstructions),
    part('toolDefinitions', prompt, (_value, source) => source.once(readRequest)?.toolDefinitions),
    part('outputMessages', completion, (_value, source) => source.once(readResponse)?.outputMessages),
    whole(
      'outputMessages',
      completion,
      of('llm', (value) => readMessages(readOutput(value), 'assistant')),
    ),
    whole('toolArguments', prompt, of('tool', readArguments)),
    part('toolResult', completion, (_value, source) => source.once(readToolMessage)?.['content']),
    whole('toolResult', completion, of('tool', readOutput)),
    whole(
      'inputValue',
      prompt,
      of('other', (value) => onlyMember(structuredContent(value), 'input')),
    ),
    whole(
      'outputValue',
      completion,
      of('other', (value) => withoutVectors(readOutput(value))),
    ),
  ],
});

type Content = 'llm' | 'tool' | 'other';

/** Reads only on spans of which this is the content. */
function of<T>(content: Content, read: (value: AnyValue) => T): (value: AnyValue, source: Source) => T | undefined {
  return (value, source) => (source.once(contentOf) === content ? read(value) : undefined);
}

function contentOf({ attributes }: Source): Content {
  const kind: SpanKind =
    runKind(attributes.get('langsmith.span.kind') ?? null) ??
    operationKind(attributes.get('gen_ai.operation.name') ?? null) ??
    'llm';
  return kind === 'llm' || kind === 'tool' ? kind : 'other';
}

function readRequest(source: Source): Reading | undefined {
  return contentOf(source) === 'llm' ? readProviderRequest(source.json(prompt) ?? null) : undefined;
}

function readResponse(source: Source): Reading | undefined {
  const output = contentOf(source) === 'llm' ? source.json(completion) : undefined;
  return output === undefined ? undefined : readProviderResponse(unwrap(output));
}

/** Parts of the counts, where the response counted as many tokens as the span. */
function readUsage(source: Source): RawUsage {
  const said = contentOf(source) === 'llm' ? readProviderUsage(unwrap(source.json(completion) ?? null)) : undefined;
  return said !== undefined && said.input === count(source.attributes.get('gen_ai.usage.input_tokens')) ? said : {};
}

function readToolMessage(source: Source): Record<string, Json> | undefined {
  return contentOf(source) === 'tool' ? findToolMessage(source.json(completion)) : undefined;
}

/** What is no object was put into one to be sent. */
function unwrap(output: Json): Json {
  return onlyMember(onlyMember(output, 'outputs'), 'output');
}

function readOutput(value: AnyValue): Json {
  return unwrap(structuredContent(value));
}

/** LangChain gives the arguments as a JSON text in `input`. */
function readArguments(value: AnyValue): Json {
  const sent = structuredContent(value);
  const input = onlyMember(sent, 'input');
  const given = typeof input === 'string' ? structured(input) : input;
  return isObject(given) ? given : sent;
}

/** What stands in the only member of an object, where that has this name; else the value itself. */
function onlyMember(value: Json, member: string): Json {
  return isObject(value) && Object.keys(value).length === 1 ? (value[member] ?? value) : value;
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
