import type { Json } from '../../lossless-json.ts';
import type { AnyValue } from '../../receive/otlp.ts';
import { readDefinitions } from './gen-ai-content.ts';
import { labelsUnder, tagsIn } from '../labels.ts';
import { finishReasons, identity, millisecondsAsNs, provider } from '../readers.ts';
import type { Source } from '../source.ts';
import { derived, fromTable, name, part, type Row, row, whole } from '../table.ts';
import { json, structured, structuredContent, text } from '../value.ts';
import { readAnswer, readPrompt, readPromptMessages, readSystem } from './vercel-ai-messages.ts';
import { findOperation, isOfAgent } from './vercel-ai-operations.ts';
import { leavesCachedOut, usageRows } from './vercel-ai-usage.ts';

/** Where users say whom a call is for: versions 4 to 6, and version 7. */
const userPlaces = ['ai.telemetry.metadata.', 'ai.settings.context.'] as const;

/**
 * AI SDK of Vercel, versions 3 to 7: its own `ai.*` names, which version 7 keeps in `LegacyOpenTelemetry` and, where it is
 * asked to, puts beside those of OpenTelemetry. https://ai-sdk.dev/docs/ai-sdk-core/telemetry
 */
export const vercelAi = fromTable({
  name: 'vercel-ai',
  speaks: (source) => source.speaks('ai'),
  isExclusive: leavesCachedOut,
  rows: [
    row('kind', 'ai.operationId', (value) => findOperation(value)?.kind),
    row('kind', 'operation.name', (value) => findOperation(value)?.kind),
    row('operation', 'ai.operationId', (value) => findOperation(value)?.operation),
    row('operation', 'operation.name', (value) => findOperation(value)?.operation),
    row('provider', 'ai.model.provider', provider),
    name('requestModel', 'ai.model.id'),
    name('responseModel', 'ai.response.model'),
    name('responseId', 'ai.response.id'),
    row('finishReasons', 'ai.response.finishReason', finishReasons),
    row('finishReasons', 'ai.finishReason', finishReasons),
    row('stream', 'ai.operationId', (value) => (/stream/i.test(text(value) ?? '') ? true : undefined)),
    row('stream', 'ai.response.msToFirstChunk', () => true),
    row('stream', 'ai.stream.msToFirstChunk', () => true),
    row('timeToFirstTokenNs', 'ai.response.msToFirstChunk', millisecondsAsNs),
    row('timeToFirstTokenNs', 'ai.stream.msToFirstChunk', millisecondsAsNs),
    derived('timeToFirstTokenNs', 'event ai.stream.firstChunk', sinceFirstChunk),

    ...usageRows,

    ...userPlaces.flatMap((place) =>
      ['sessionId', 'session_id', 'threadId'].map((id) => row('sessionId', place + id, identity)),
    ),
    ...userPlaces.flatMap((place) => ['userId', 'user_id'].map((id) => row('userId', place + id, identity))),
    row('agentName', 'ai.telemetry.functionId', (value, source) => (isOfAgent(source) ? text(value) : undefined)),

    name('toolName', 'ai.toolCall.name'),
    name('toolCallId', 'ai.toolCall.id'),
    whole('toolArguments', 'ai.toolCall.args', structured),
    whole('toolResult', 'ai.toolCall.result', structured),
    whole('inputValue', 'ai.value', structured),
    whole('inputValue', 'ai.values', structuredTexts),
    whole('inputValue', 'ai.documents', structuredTexts),
    whole('outputValue', 'ai.ranking', structuredTexts),

    whole('inputMessages', 'ai.prompt.messages', readPromptMessages),
    part('inputMessages', 'ai.prompt', (value) => readPrompt(structuredContent(value))),
    part('systemInstructions', 'ai.prompt', (value) => readSystem(structuredContent(value))),
    whole('toolDefinitions', 'ai.prompt.tools', readDefinitions),
    answer('ai.response'),
    answer('ai.result'),
  ],
  labels: userPlaces.flatMap((place) => [labelsUnder(place), tagsIn(`${place}tags`)]),
  payloads: ['ai.schema'],
  dropped: () => ['ai.embedding', 'ai.embeddings'],
});

function sinceFirstChunk({ span }: Source): bigint | undefined {
  const event = span.events.find(({ name: called }) => called === 'ai.stream.firstChunk');
  if (event === undefined || event.timeUnixNano < span.startTimeUnixNano) return undefined;
  return event.timeUnixNano - span.startTimeUnixNano;
}

/** A list comes as JSON texts: `['"first"', '"second"']`. */
function structuredTexts(value: AnyValue): Json {
  const listed = json(value);
  return Array.isArray(listed)
    ? listed.map((entry) => (typeof entry === 'string' ? structured(entry) : entry))
    : listed;
}

/** The answer; versions 3 and 4 say it a second time in `ai.result.*`. */
function answer(root: 'ai.response' | 'ai.result'): Row {
  const keys = ['reasoning', 'text', 'object', 'files', 'toolCalls'].map((member) => `${root}.${member}`);
  return {
    field: 'outputMessages',
    from: `${root}.*`,
    read(source) {
      const plain = (member: string) => json(source.attributes.get(`${root}.${member}`) ?? null);
      return readAnswer({
        reasoning: plain('reasoning'),
        text: plain('text'),
        object: plain('object'),
        files: source.json(`${root}.files`),
        toolCalls: source.json(`${root}.toolCalls`),
        finishReason: text(
          source.attributes.get('ai.response.finishReason') ?? source.attributes.get('ai.finishReason'),
        ),
      });
    },
    keys: ({ attributes }) => keys.filter((key) => attributes.has(key)),
    isWhole: true,
  };
}
