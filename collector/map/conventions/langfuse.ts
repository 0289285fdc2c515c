import type { Json } from '../../lossless-json.ts';
import type { AnyValue } from '../../receive/otlp.ts';
import { label, labelsIn, labelsUnder, tagsIn } from '../labels.ts';
import {
  readLangfuseInput,
  readLangfuseOutput,
  readLangfuseRequest,
  readLangfuseResponse,
  readLangfuseToolMessage,
} from './langfuse-content.ts';
import { readLangfuseUsage } from './langfuse-usage.ts';
import type { SpanKind } from '../names.ts';
import { identity, oneOf, provider, sinceStartNs } from '../readers.ts';
import type { Reading } from '../reading.ts';
import type { Source } from '../source.ts';
import { type ConventionTable, derived, fromTable, name, part, type Row, row, whole } from '../table.ts';
import { number, structuredContent, text } from '../value.ts';
import { withoutVectors } from '../vectors.ts';

/** A `span` may be anything: another convention may know. */
const kinds: ReadonlyMap<string, SpanKind> = new Map<string, SpanKind>([
  ['generation', 'llm'],
  ['event', 'other'],
  ['embedding', 'embedding'],
  ['agent', 'agent'],
  ['tool', 'tool'],
  ['chain', 'chain'],
  ['retriever', 'retriever'],
  ['guardrail', 'guardrail'],
  ['evaluator', 'evaluator'],
]);

const type = 'langfuse.observation.type';
const input = 'langfuse.observation.input';
const output = 'langfuse.observation.output';
const model = 'langfuse.observation.model.name';
const parameters = 'langfuse.observation.model.parameters';
const usage = 'langfuse.observation.usage_details';
const cost = 'langfuse.observation.cost_details';
const answeredAt = 'langfuse.observation.completion_start_time';
const metadata = 'langfuse.observation.metadata';

const counts = ['input', 'output', 'cacheRead', 'cacheWrite', 'cacheWrite5m', 'cacheWrite1h', 'reasoning'] as const;

const table: Omit<ConventionTable, 'name' | 'speaks'> = {
  rows: [
    row('kind', type, oneOf(kinds)),
    row('likelyKind', usage, () => 'llm'),
    row('likelyKind', model, () => 'llm'),
    row('provider', `${metadata}.ls_provider`, provider),
    // LangChain's handler names both models, the others one: the request's, where nothing was answered at once.
    name('requestModel', `${metadata}.ls_model_name`),
    name('requestModel', model),
    row('responseModel', output, (_value, source) => source.once(readAnswer)?.responseModel),
    row('responseModel', model, readResponseModel),
    row('responseId', output, (_value, source) => source.once(readAnswer)?.responseId),
    row('finishReasons', output, (_value, source) => source.once(readAnswer)?.finishReasons),
    row('stream', answeredAt, () => true),
    row('stream', parameters, (_value, source) => (isStreamed(source) ? true : undefined)),
    row('timeToFirstTokenNs', answeredAt, sinceStartNs),
    row('serviceTier', output, (_value, source) => source.once(readAnswer)?.serviceTier),
    row('serviceTier', parameters, (_value, source) => textOf(source.object(parameters)['service_tier'])),

    ...[...counts, 'inputAudio' as const, 'outputAudio' as const].map((count): Row =>
      row(`usage.${count}`, usage, (_value, source) => source.once(readUsage)[count]),
    ),
    row('reportedCostUsd', cost, (_value, source) => readCost(source)),

    row('sessionId', 'langfuse.session.id', identity),
    row('userId', 'langfuse.user.id', identity),
    name('agentName', `${metadata}.lc_agent_name`),
    derived('agentName', 'name of the agent', (source) => nameOf(source, 'agent')),
    row('environment', 'langfuse.environment', readEnvironment),
    row('hasFailed', 'langfuse.observation.level', (value) => (value === 'ERROR' ? true : undefined)),
    name('errorMessage', 'langfuse.observation.status_message'),

    derived('toolName', 'name of the tool', (source) => nameOf(source, 'tool')),
    row('toolCallId', output, (_value, source) => source.once(readToolMessage)?.callId),
    row('toolCallId', `${metadata}.tool_call_id`, of('tool', text)),
    row('toolCallId', `${metadata}.call_id`, of('tool', text)),
    whole('toolArguments', input, of('tool', structuredContent)),
    part('toolResult', output, (_value, source) => source.once(readToolMessage)?.result),
    whole('toolResult', output, of('tool', structuredContent)),

    part('inputMessages', input, (_value, source) => source.once(readRequest)?.inputMessages),
    whole(
      'inputMessages',
      input,
      of('llm', (value) => readLangfuseInput(structuredContent(value))),
    ),
    part('systemInstructions', input, (_value, source) => source.once(readRequest)?.systemInstructions),
    part('toolDefinitions', input, (_value, source) => source.once(readRequest)?.toolDefinitions),
    part('outputMessages', output, (_value, source) => source.once(readAnswer)?.outputMessages),
    whole(
      'outputMessages',
      output,
      of('llm', (value) => readLangfuseOutput(structuredContent(value))),
    ),

    whole('inputValue', input, of('other', structuredContent)),
    part('inputValue', 'langfuse.trace.input', of('other', structuredContent)),
    whole(
      'outputValue',
      output,
      of('other', (value) => withoutVectors(structuredContent(value))),
    ),
    part('outputValue', 'langfuse.trace.output', of('other', structuredContent)),
  ],
  labels: [
    tagsIn('langfuse.trace.tags'),
    tagsIn('langfuse.tags'),
    labelsUnder('langfuse.trace.metadata.'),
    labelsIn('langfuse.trace.metadata'),
    labelsUnder('langfuse.metadata.'),
    labelsIn('langfuse.metadata'),
    labelsUnder(`${metadata}.`),
    labelsIn(metadata),
    label('trace.name', 'langfuse.trace.name'),
    label('release', 'langfuse.release'),
    label('version', 'langfuse.version'),
    label('prompt.name', 'langfuse.observation.prompt.name'),
    label('prompt.version', 'langfuse.observation.prompt.version'),
    label('experiment.id', 'langfuse.experiment.id'),
    label('experiment.name', 'langfuse.experiment.name'),
    label('experiment.dataset.id', 'langfuse.experiment.dataset.id'),
    label('experiment.item.id', 'langfuse.experiment.item.id'),
  ],
};

/**
 * Langfuse: its SDKs for Python and JavaScript, and what their users write by hand.
 * https://langfuse.com/integrations/native/opentelemetry#property-mapping
 */
export const langfuse = fromTable({
  name: 'langfuse',
  speaks: ({ attributes }) => attributes.has(type),
  ...table,
});

/** The same names beside those of another SDK, whose spans Langfuse's processor only adds to. */
export const langfuseAdditions = fromTable({
  name: 'langfuse-additions',
  speaks: (source) => source.speaks('langfuse') && !source.attributes.has(type),
  ...table,
});

/** How a span's input and output are read: as a call's messages, as a tool's arguments and result, or as they are. */
type Way = 'llm' | 'tool' | 'other';

function wayOf({ attributes }: Source): Way | undefined {
  const said = text(attributes.get(type))?.toLowerCase();
  if (said === undefined || said === 'span') return attributes.has(model) || attributes.has(usage) ? 'llm' : 'other';
  if (said === 'generation') return 'llm';
  return said === 'tool' ? 'tool' : 'other';
}

function of<T>(way: Way, read: (value: AnyValue) => T): (value: AnyValue, source: Source) => T | undefined {
  return (value, source) => (value !== '' && source.once(wayOf) === way ? read(value) : undefined);
}

function readRequest(source: Source): Reading | undefined {
  const asked = source.attributes.get(input);
  return asked === undefined || source.once(wayOf) !== 'llm'
    ? undefined
    : readLangfuseRequest(structuredContent(asked));
}

function readAnswer(source: Source): Reading | undefined {
  const answer = source.attributes.get(output);
  if (answer === undefined || source.once(wayOf) !== 'llm') return undefined;
  return readLangfuseResponse(structuredContent(answer));
}

function readToolMessage(source: Source): { result?: Json; callId?: string } | undefined {
  const answer = source.attributes.get(output);
  if (answer === undefined || source.once(wayOf) !== 'tool') return undefined;
  return readLangfuseToolMessage(structuredContent(answer));
}

function readUsage(source: Source) {
  return readLangfuseUsage(source.object(usage));
}

/** The one model there is may be the request's: on a stream, and where the call failed. */
function readResponseModel(value: AnyValue, source: Source): string | undefined {
  const given = text(value);
  const asked = text(source.attributes.get(`${metadata}.ls_model_name`));
  if (asked !== undefined && asked !== given) return given;
  const isRequests =
    isStreamed(source) ||
    source.attributes.has(answeredAt) ||
    source.attributes.get('langfuse.observation.level') === 'ERROR' ||
    source.span.statusCode === 2;
  return isRequests ? undefined : given;
}

/** The SDK for Python says `default` where its user says nothing. */
function readEnvironment(value: AnyValue): string | undefined {
  return value === 'default' ? undefined : text(value);
}

function isStreamed(source: Source): boolean {
  const { stream } = source.object(parameters);
  return stream === true || stream === 'true';
}

function readCost(source: Source): number | undefined {
  const { total, ...parts } = source.object(cost);
  const given = numberOf(total);
  if (given !== undefined) return given;
  const dollars = Object.values(parts).flatMap((entry) => numberOf(entry) ?? []);
  return dollars.length === 0 ? undefined : dollars.reduce((sum, entry) => sum + entry, 0);
}

function nameOf({ span, attributes }: Source, observation: string): string | undefined {
  return text(attributes.get(type))?.toLowerCase() === observation ? text(span.name) : undefined;
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? text(value) : undefined;
}

function numberOf(value: Json | undefined): number | undefined {
  return typeof value === 'number' || typeof value === 'string' ? number(value) : undefined;
}
