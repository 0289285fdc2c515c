import type { Json } from '../../lossless-json.ts';
import type { AnyValue } from '../../receive/otlp.ts';
import { labelsUnder } from '../labels.ts';
import { readMessages } from '../message.ts';
import { kindFromOperation, type SpanKind } from '../names.ts';
import { readProviderRequest } from '../provider-request.ts';
import { readProviderResponse } from '../provider-response.ts';
import { identity, oneOf } from '../readers.ts';
import type { Source } from '../source.ts';
import { derived, fromTable, name, part, row, whole } from '../table.ts';
import { readToolOutput, type ToolOutput, unwrapInput, unwrapOutput } from './traceloop-values.ts';
import { structured, text } from '../value.ts';

const kindNamed = oneOf(
  new Map(
    Object.entries<SpanKind>({
      workflow: 'chain',
      task: 'chain',
      agent: 'agent',
      tool: 'tool',
      // A connection to an MCP server, and what a server does for one.
      session: 'chain',
      server: 'chain',
    }),
  ),
);

const property = 'traceloop.association.properties.';

/**
 * OpenLLMetry: functions as workflows, tasks, agents and tools with what went in and came out, guards, and calls of MCP. What
 * it says of models it says in OpenTelemetry's names, or in the older ones of `traceloop-legacy.ts`.
 * https://github.com/traceloop/openllmetry
 */
export const traceloop = fromTable({
  name: 'traceloop',
  speaks: (source) =>
    source.speaks('traceloop') || source.attributes.has('gen_ai.guardrail.name') || hasBareProperty(source),
  rows: [
    row('kind', 'traceloop.span.kind', kindNamed),
    row('kind', 'gen_ai.guardrail.name', () => 'guardrail'),
    derived('kind', 'name of the span', ({ span }) => (span.name === 'resources/read.mcp' ? 'retriever' : undefined)),

    row('sessionId', `${property}session_id`, identity),
    row('sessionId', `${property}conversation_id`, identity),
    row('sessionId', `${property}thread_id`, identity),
    row('sessionId', 'session_id', identity),
    row('sessionId', 'conversation_id', identity),
    row('userId', `${property}user_id`, identity),
    row('userId', 'user_id', identity),
    row('agentName', 'traceloop.entity.name', (value, source) => only('agent', source, () => text(value))),
    row('agentVersion', 'traceloop.entity.version', (value, source) => only('agent', source, () => text(value))),

    derived('toolName', 'traceloop.entity.output', (source) => source.once(toolOutput)?.name),
    row('toolName', 'traceloop.entity.name', (value, source) => only('tool', source, () => text(value))),
    derived('toolName', 'name of the span', (source) =>
      only('tool', source, () => source.span.name.replace(/\.tool$/, '')),
    ),
    derived('toolCallId', 'traceloop.entity.output', (source) => source.once(toolOutput)?.callId),
    part('toolArguments', 'traceloop.entity.input', (value, source) =>
      only('tool', source, () => unwrapInput(recorded(value))),
    ),
    part('toolResult', 'traceloop.entity.output', (value, source) =>
      only('tool', source, () => readToolOutput(recorded(value)).result),
    ),
    derived('hasFailed', 'traceloop.entity.output', (source) => source.once(toolOutput)?.hasFailed),
    derived('errorType', 'traceloop.entity.output', (source) =>
      source.once(toolOutput)?.hasFailed === true ? 'tool_error' : undefined,
    ),
    name('errorType', 'gen_ai.guardrail.error.type'),
    derived('errorMessage', 'traceloop.entity.output', (source) => failureText(source.once(toolOutput))),
    name('errorMessage', 'gen_ai.guardrail.error.message'),

    part('inputMessages', 'traceloop.entity.input', (value, source) =>
      only('llm', source, () => readAsked(unwrapInput(recorded(value)))),
    ),
    part('outputMessages', 'traceloop.entity.output', (value, source) =>
      only('llm', source, () => readAnswered(unwrapOutput(recorded(value)))),
    ),
    part('inputValue', 'traceloop.entity.input', (value, source) =>
      isFunction(source) ? unwrapInput(recorded(value)) : undefined,
    ),
    part('outputValue', 'traceloop.entity.output', (value, source) =>
      isFunction(source) ? unwrapOutput(recorded(value)) : undefined,
    ),
    whole('inputValue', 'gen_ai.guardrail.input', structured),
    whole('outputValue', 'gen_ai.guardrail.output', structured),
  ],
  labels: [labelsUnder(property)],
});

/** The SDK's `associations` have no prefix on the spans that they are set in. */
function hasBareProperty({ span, attributes }: Source): boolean {
  return (
    (attributes.has('session_id') || attributes.has('user_id') || attributes.has('conversation_id')) &&
    /^(@traceloop\/|traceloop|opentelemetry\.instrumentation\.)/.test(span.scope.name)
  );
}

/** LangChain's tools come as tasks: the operation says what they are. */
function kindOf({ attributes }: Source): SpanKind | undefined {
  const operation = text(attributes.get('gen_ai.operation.name')) ?? text(attributes.get('llm.request.type'));
  return operation === undefined
    ? kindNamed(attributes.get('traceloop.span.kind') ?? null)
    : kindFromOperation(operation);
}

function only<Value>(kind: SpanKind, source: Source, read: () => Value): Value | undefined {
  return source.once(kindOf) === kind ? read() : undefined;
}

/** Anything but a tool or a model, which have fields of their own for what goes in and out. */
function isFunction(source: Source): boolean {
  const kind = source.once(kindOf);
  return kind !== 'tool' && kind !== 'llm';
}

function toolOutput(source: Source): ToolOutput | undefined {
  const recorded = source.json('traceloop.entity.output');
  return recorded === undefined ? undefined : only('tool', source, () => readToolOutput(recorded));
}

/** What a function gave back that gave nothing back is recorded, too. */
function recorded(value: AnyValue): Json {
  return value === 'null' ? null : structured(value);
}

function failureText(output: ToolOutput | undefined): string | undefined {
  return output?.hasFailed === true && typeof output.result === 'string' ? output.result : undefined;
}

function readAsked(input: Json) {
  return readProviderRequest(input)?.inputMessages ?? readMessages(input, 'user');
}

function readAnswered(output: Json) {
  return readProviderResponse(output)?.outputMessages ?? readMessages(output, 'assistant');
}
