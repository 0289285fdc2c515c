import { tagsIn } from './labels.ts';
import { isObject } from './message.ts';
import { readProviderMessage } from './provider-messages.ts';
import { readProviderRequest } from './provider-request.ts';
import { readProviderResponse } from './provider-response.ts';
import type { Reading } from './reading.ts';
import type { Source } from './source.ts';
import { fromTable, name, part, row } from './table.ts';
import { number } from './value.ts';

/** Logfire's levels are OpenTelemetry's: from 17 on it is an error. */
const errorLevel = 17;

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
    row('hasFailed', 'logfire.level_num', (value) => ((number(value) ?? 0) >= errorLevel ? true : undefined)),
    name('errorMessage', 'logfire.msg'),
    row('stream', 'request_data', (_value, source) =>
      source.object('request_data')['stream'] === true ? true : undefined,
    ),
    row('responseId', 'response_data', (_value, source) => source.once(readResponse)?.responseId),
    part('inputMessages', 'request_data', (_value, source) => source.once(readRequest)?.inputMessages),
    part('systemInstructions', 'request_data', (_value, source) => source.once(readRequest)?.systemInstructions),
    part('toolDefinitions', 'request_data', (_value, source) => source.once(readRequest)?.toolDefinitions),
    part('outputMessages', 'response_data', (_value, source) => source.once(readResponse)?.outputMessages),
  ],
  labels: [tagsIn('logfire.tags')],
  payloads: ['logfire.json_schema'],
});

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
