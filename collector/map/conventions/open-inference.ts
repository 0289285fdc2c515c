import type { Json } from '../../lossless-json.ts';
import type { AnyValue } from '../../receive/otlp.ts';
import { labelsIn, labelsUnder, tagsIn } from '../labels.ts';
import { findToolMessage } from '../langchain.ts';
import { isObject, type JsonObject } from '../message.ts';
import {
  readAnswer,
  readDefinition,
  readInput,
  readInputList,
  readOutput,
  readOutputList,
  readParameterInstructions,
  readRanking,
  readRequest,
  readRequestInstructions,
  readSide,
  readWhole,
} from './open-inference-content.ts';
import { callNames, isHandoff, likely, only, readKind, speaksOpenInference } from './open-inference-kinds.ts';
import { describeVectors, flat, flatList, keysOf, readDocument, readEmbeddedTexts } from './open-inference-lists.ts';
import { readFlatTexts } from './open-inference-messages.ts';
import { leavesCachedOut, usageRows } from './open-inference-usage.ts';
import { finishReasons, identity, provider } from '../readers.ts';
import type { Source } from '../source.ts';
import { derived, fromTable, name, part, type Row, row, whole } from '../table.ts';
import { number, structured, text } from '../value.ts';
import { withoutVectors } from '../vectors.ts';

const parameters = 'llm.invocation_parameters';

const requestModels: readonly Row[] = [
  name('requestModel', 'llm.request.model_name'),
  modelInParameters(parameters),
  modelInParameters('embedding.invocation_parameters'),
  name('requestModel', 'embedding.model_name'),
  name('requestModel', 'reranker.model_name'),
];

/**
 * OpenInference: flat, indexed names, by the instrumentations of Arize and Phoenix in Python and JavaScript.
 * https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md
 */
export const openInference = fromTable({
  name: 'openinference',
  speaks: speaksOpenInference,
  isExclusive: leavesCachedOut,
  rows: [
    row('kind', 'openinference.span.kind', (value) => readKind(value)?.kind),
    // Of spans that name no kind, the first that fits.
    row('likelyKind', 'embedding.model_name', () => 'embedding'),
    ...likely('embedding', 'embedding.embeddings'),
    ...likely('retriever', 'retrieval.documents', 'reranker.output_documents'),
    ...likely('llm', 'llm.input_messages', 'llm.output_messages'),
    ...callNames.map((attribute) => row('likelyKind', attribute, () => 'llm')),
    ...only(
      ['tool'],
      derived('operation', 'names of a handoff', (source) => (isHandoff(source) ? 'handoff' : undefined)),
    ),
    row('operation', 'openinference.span.kind', (value) => readKind(value)?.operation),

    // Who hosts the model, else whose it is, else what LangChain says of it.
    row('provider', 'llm.provider', readHost),
    row('provider', 'llm.system', provider),
    row('provider', 'metadata', (_value, source) => within(source.object('metadata'), ['ls_provider'], provider)),
    ...requestModels,
    name('responseModel', 'llm.response.model_name'),
    ...only(['llm'], ofAnswer('responseModel')),
    row('responseModel', 'llm.model_name', readResponseModel),
    ...only(['llm'], ofAnswer('responseId')),
    row('finishReasons', 'llm.finish_reason', finishReasons),
    ...only(['llm'], ofAnswer('finishReasons')),
    row('stream', parameters, (_value, source) => (source.object(parameters)['stream'] === true ? true : undefined)),
    ...only(['llm'], ofAnswer('serviceTier')),
    row('serviceTier', parameters, (_value, source) => within(source.object(parameters), ['service_tier'], text)),

    ...usageRows,
    row('reportedCostUsd', 'llm.cost.total', number),
    row('reportedCostUsd', 'llm.cost.prompt', readCostOfParts),

    row('sessionId', 'metadata.sessionId', identity),
    row('sessionId', 'metadata.session_id', identity),
    row('sessionId', 'metadata', (_value, source) =>
      within(source.object('metadata'), ['sessionId', 'session_id'], identity),
    ),
    row('userId', 'metadata.userId', identity),
    row('userId', 'metadata.user_id', identity),
    row('userId', 'metadata', (_value, source) => within(source.object('metadata'), ['userId', 'user_id'], identity)),
    name('agentName', 'agent.name'),
    ...only(
      ['agent'],
      // A node of an agent is named as the agent.
      row('agentName', 'graph.node.name', (value, { attributes }) =>
        attributes.has('graph.node.id') ? text(value) : undefined,
      ),
      name('agentName', 'graph.node.id'),
      name('agentId', 'graph.node.id'),
    ),

    ...only(
      ['tool'],
      name('toolName', 'tool.name'),
      derived('toolName', 'name of the tool', ({ span }) => text(span.name)),
      name('toolCallId', 'tool_call.id'),
      name('toolCallId', 'tool.id'),
      row('toolCallId', 'output.value', (_value, source) =>
        text(source.once(readToolMessage)?.['tool_call_id'] as AnyValue),
      ),
      whole('toolArguments', 'input.value', readSide('input')),
      whole('toolArguments', 'tool.parameters', structured),
      part('toolResult', 'output.value', (_value, source) => source.once(readToolMessage)?.['content']),
      whole('toolResult', 'output.value', readSide('output')),
    ),
    ...only(
      ['embedding'],
      flat('inputValue', 'embedding.embeddings', readEmbeddedTexts, (key) => key.endsWith('.text')),
      whole('inputValue', 'input.value', readSide('input')),
      whole('outputValue', 'output.value', (value, source) => readVectors(readSide('output')(value, source))),
      flat('outputValue', 'embedding.embeddings', describeVectors, () => false),
    ),
    ...only(
      ['retriever', 'agent', 'chain', 'guardrail', 'evaluator', 'other', undefined],
      rankings(),
      flat('outputValue', 'retrieval.documents', (entries) => entries.map(readDocument)),
      flat('outputValue', 'reranker.output_documents', (entries) => entries.map(readDocument)),
      whole('inputValue', 'input.value', readSide('input')),
      whole('outputValue', 'output.value', readSide('output')),
    ),

    flat('toolDefinitions', 'llm.tools', (entries) => entries.map(readDefinition)),
    ...only(
      ['tool'],
      whole('toolDefinitions', 'tool.json_schema', (value) => [structured(value)]),
    ),
    flat('inputMessages', 'llm.input_messages', readInputList),
    flat('inputMessages', 'llm.prompts', (entries) => readFlatTexts(entries, 'user')),
    flat('outputMessages', 'llm.output_messages', readOutputList),
    flat('outputMessages', 'llm.choices', (entries) => readFlatTexts(entries, 'assistant')),
    ...only(
      ['llm'],
      part('inputMessages', 'input.value', (_value, source) => source.once(readRequest)?.inputMessages),
      whole('inputMessages', 'input.value', (_value, source) => readWhole(source.once(readInput), 'user')),
      part('outputMessages', 'output.value', (_value, source) => source.once(readAnswer)?.outputMessages),
      whole('outputMessages', 'output.value', (_value, source) => readWhole(source.once(readOutput), 'assistant')),
      part('toolDefinitions', 'input.value', (_value, source) => source.once(readRequest)?.toolDefinitions),
      part('systemInstructions', 'input.value', (_value, source) => readRequestInstructions(source)),
      row('systemInstructions', parameters, (_value, source) => readParameterInstructions(source)),
    ),
  ],
  labels: [tagsIn('tag.tags'), labelsUnder('metadata.'), labelsIn('metadata')],
  // Parameters often repeat the instructions and the tools.
  payloads: [parameters, 'llm.prompt_template.template', 'llm.prompt_template.variables', 'llm.function_call'],
  dropped: (source) => keysOf(flatList(source, 'embedding.embeddings')).filter((key) => key.endsWith('.vector')),
});

function readHost(value: AnyValue, { attributes }: Source): string | undefined {
  return provider(value === 'azure' && attributes.get('llm.system') === 'openai' ? 'azure-openai' : value);
}

function modelInParameters(attribute: string): Row {
  return row('requestModel', attribute, (_value, source) =>
    within(source.object(attribute), ['model', 'model_name', 'modelId'], text),
  );
}

/** `llm.model_name` is the request's where the response's is not known, and then says nothing of the response. */
function readResponseModel(value: AnyValue, source: Source): string | undefined {
  const asked = requestModels.map(({ read, from }) => read(source, from)).find((model) => model !== undefined);
  const given = text(value);
  return given === asked ? undefined : given;
}

function ofAnswer(field: 'responseModel' | 'responseId' | 'finishReasons' | 'serviceTier'): Row {
  return { field, from: 'output.value', read: (source) => source.once(readAnswer)?.[field] };
}

function readCostOfParts(value: AnyValue, { attributes }: Source): number | undefined {
  const [prompt, completion] = [number(value), number(attributes.get('llm.cost.completion'))];
  return prompt === undefined || completion === undefined ? undefined : prompt + completion;
}

/** The query and the documents to put in order, in one value. */
function rankings(): Row {
  const documents = (source: Source) => keysOf(flatList(source, 'reranker.input_documents'));
  const keys = (source: Source) => ['reranker.query', ...documents(source)];
  return { field: 'inputValue', from: 'reranker.query', read: readRanking, keys, isWhole: true };
}

function readToolMessage(source: Source): JsonObject | undefined {
  return findToolMessage(source.once(readOutput));
}

function readVectors(value: Json | undefined): Json | undefined {
  return value === undefined ? undefined : withoutVectors(value);
}

/** The first of the members that is a text or a number. */
function within<T>(object: Json, names: readonly string[], read: (value: AnyValue) => T | undefined): T | undefined {
  if (!isObject(object)) return undefined;
  const given = names
    .map((member) => object[member])
    .find((value) => typeof value === 'string' || typeof value === 'number');
  return given === undefined ? undefined : read(given);
}
