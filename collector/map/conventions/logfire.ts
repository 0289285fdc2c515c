import type { AnyValue } from '../../receive/otlp.ts';
import { readEventList } from '../event-lists.ts';
import { tagsIn } from '../labels.ts';
import { isObject } from '../message.ts';
import type { SpanKind } from '../names.ts';
import { readProviderMessage } from '../provider-messages.ts';
import { readProviderRequest } from '../provider-request.ts';
import { readProviderResponse } from '../provider-response.ts';
import { readProviderUsage } from '../provider-usage.ts';
import type { Reading } from '../reading.ts';
import type { Source } from '../source.ts';
import { fromTable, name, part, row, whole } from '../table.ts';
import type { RawUsage } from '../usage.ts';
import { number, text } from '../value.ts';

/** Logfire's levels are OpenTelemetry's: from 17 on it is an error. */
const errorLevel = 17;

const counts = ['input', 'output', 'cacheRead', 'cacheWrite', 'cacheWrite5m', 'cacheWrite1h', 'reasoning'] as const;

/**
 * Logfire: what its SDKs put on every span, and the requests and responses of the model clients that it instruments itself.
 * https://logfire.pydantic.dev/docs/reference/sql/
 */
export const logfire = fromTable({
  name: 'logfire',
  speaks: (source) => source.speaks('logfire'),
  rows: [
    // Sent at a span's start, as its child and with all that it will have: it stands for the span, and is no call itself.
    row('kind', 'logfire.span_type', (value) => (value === 'pending_span' ? 'other' : undefined)),
    row('kind', 'request_data', readKind),
    row('hasFailed', 'logfire.level_num', (value) => ((number(value) ?? 0) >= errorLevel ? true : undefined)),
    name('errorMessage', 'logfire.msg'),
    row('stream', 'request_data', (_value, source) =>
      source.object('request_data')['stream'] === true ? true : undefined,
    ),
    row('provider', 'request_data', (_value, source) => providerOf(source)),
    row('requestModel', 'request_data', (_value, source) => text(source.object('request_data')['model'] as AnyValue)),
    row('responseId', 'response_data', (_value, source) => source.once(readResponse)?.responseId),
    ...counts.map((count) => row(`usage.${count}`, 'response_data', (_value, source) => source.once(readUsage)[count])),
    whole('inputMessages', 'events', (_value, source) => source.once(readEvents)?.inputMessages),
    whole('outputMessages', 'events', (_value, source) => source.once(readEvents)?.outputMessages),
    part('inputMessages', 'request_data', (_value, source) => source.once(readRequest)?.inputMessages),
    part('systemInstructions', 'request_data', (_value, source) => source.once(readRequest)?.systemInstructions),
    part('toolDefinitions', 'request_data', (_value, source) => source.once(readRequest)?.toolDefinitions),
    part('outputMessages', 'response_data', (_value, source) => source.once(readResponse)?.outputMessages),
  ],
  labels: [tagsIn('logfire.tags')],
  payloads: ['logfire.json_schema'],
});

/** The scope is named after the client: `logfire.anthropic`. */
function providerOf({ span }: Source): string | undefined {
  return /^logfire\.(openai|anthropic)$/.exec(span.scope.name)?.[1];
}

/** A call of a client. One that streams is said a second time when the stream has ended, with all that it brought. */
function readKind(_value: AnyValue, source: Source): SpanKind | undefined {
  const { span, attributes } = source;
  if (providerOf(source) === undefined) return undefined;
  if (span.name.startsWith('Embedding Creation')) return 'embedding';
  const isBegun = source.object('request_data')['stream'] === true && !attributes.has('response_data');
  return isBegun && span.statusCode !== 2 ? 'chain' : 'llm';
}

function readEvents(source: Source): Reading | undefined {
  return readEventList(source.json('events'));
}

function readUsage(source: Source): RawUsage {
  return readProviderUsage(source.object('response_data')) ?? {};
}

function readRequest(source: Source): Reading | undefined {
  return readProviderRequest(source.object('request_data'));
}

/** A response whole, its message alone, or the text of a stream. */
function readResponse(source: Source): Reading | undefined {
  const response = source.object('response_data');
  const { message, combined_chunk_content: text } = response;
  if (isObject(message)) return { outputMessages: [readProviderMessage(message, 'assistant')] };
  if (typeof text === 'string') return { outputMessages: [readProviderMessage(text, 'assistant')] };
  return readProviderResponse(response);
}
