import type { Json } from '../lossless-json.ts';
import type { Attributes, OtlpSpan } from '../receive/otlp.ts';
import { isObject, type JsonObject } from './message.ts';
import { normaliseFinishReason, normaliseProvider, type SpanKind } from './names.ts';
import { findToolMessage, readOpenInferenceContent, readValue } from './open-inference-content.ts';
import { type FlatLists, readFlatLists } from './open-inference-lists.ts';
import { readOpenInferenceCounts } from './open-inference-counts.ts';
import { readProviderResponse } from './provider-response.ts';
import { type Convention, type Reading, withoutUndefined } from './reading.ts';
import { structured, text } from './value.ts';

/** What OpenInference calls a kind; the operation is for what the product's kinds do not tell apart. */
export const openInferenceKinds: ReadonlyMap<string, { kind: SpanKind; operation?: string }> = new Map(
  Object.entries<{ kind: SpanKind; operation?: string }>({
    LLM: { kind: 'llm' },
    EMBEDDING: { kind: 'embedding' },
    CHAIN: { kind: 'chain' },
    RETRIEVER: { kind: 'retriever' },
    RERANKER: { kind: 'retriever', operation: 'rerank' },
    TOOL: { kind: 'tool' },
    AGENT: { kind: 'agent' },
    GUARDRAIL: { kind: 'guardrail' },
    EVALUATOR: { kind: 'evaluator' },
    PROMPT: { kind: 'chain', operation: 'prompt' },
  }),
);

/**
 * OpenInference: flat, indexed names, by the instrumentations of Arize and Phoenix in Python and JavaScript.
 * https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md
 */
export const openInference: Convention = {
  name: 'openinference',
  read(source) {
    const { span, attributes } = source;
    const lists = readFlatLists(attributes);
    if (!speaksOpenInference(attributes, lists)) return undefined;
    const declared = openInferenceKinds.get(text(attributes.get('openinference.span.kind'))?.toUpperCase() ?? '');
    const likelyKind = findLikelyKind(attributes, lists);
    const kind = declared?.kind ?? likelyKind;
    const [input, output] = [readValue(attributes, 'input'), readValue(attributes, 'output')];
    const answered = kind === 'llm' && output !== undefined ? readProviderResponse(output) : undefined;
    const parameters = readObject(attributes, 'llm.invocation_parameters', 'embedding.invocation_parameters');
    const metadata = readObject(attributes, 'metadata');
    const { reading, ...keys } = readOpenInferenceContent({
      ...{ attributes, lists, kind, input, output, answered, parameters },
    });
    return {
      reading: withoutUndefined({
        ...reading,
        ...readCall(attributes, { answered, parameters, metadata }),
        ...readOpenInferenceCounts(attributes, kind === 'llm' ? output : undefined),
        ...readIdentity(attributes, { kind, metadata }),
        ...(kind === 'tool' ? readTool(span, output) : {}),
        kind: declared?.kind,
        likelyKind,
        operation: kind === 'tool' && isHandoff(span) ? 'handoff' : declared?.operation,
      }),
      ...keys,
      sources: {},
      payloads,
    };
  },
};

/** Parameters often repeat the instructions and the tools. */
const payloads = [
  'llm.invocation_parameters',
  'llm.prompt_template.template',
  'llm.prompt_template.variables',
  'llm.function_call',
] as const;

/** Names that no other convention uses. */
const ownNames = [
  'openinference.span.kind',
  'llm.model_name',
  'llm.request.model_name',
  'llm.response.model_name',
  'llm.invocation_parameters',
  'llm.token_count.prompt',
  'llm.token_count.completion',
  'llm.token_count.total',
  'embedding.model_name',
  'reranker.model_name',
  'reranker.query',
  'input.value',
  'output.value',
] as const;

function speaksOpenInference(attributes: Attributes, lists: FlatLists): boolean {
  return Object.keys(lists).length > 0 || ownNames.some((name) => attributes.has(name));
}

/** Only for spans that say no kind. */
function findLikelyKind(attributes: Attributes, lists: FlatLists): SpanKind | undefined {
  if (attributes.has('embedding.model_name') || lists['embedding.embeddings'] !== undefined) return 'embedding';
  if (lists['retrieval.documents'] !== undefined || lists['reranker.output_documents'] !== undefined)
    return 'retriever';
  const isCall =
    lists['llm.input_messages'] !== undefined ||
    lists['llm.output_messages'] !== undefined ||
    ownNames.some((name) => name.startsWith('llm.') && attributes.has(name));
  return isCall ? 'llm' : undefined;
}

function readCall(
  attributes: Attributes,
  { answered, parameters, metadata }: { answered: Reading | undefined; parameters: JsonObject; metadata: JsonObject },
): Reading {
  const requestModel =
    text(attributes.get('llm.request.model_name')) ??
    textIn(parameters, 'model', 'model_name', 'modelId') ??
    text(attributes.get('embedding.model_name')) ??
    text(attributes.get('reranker.model_name'));
  const model = text(attributes.get('llm.model_name'));
  const finishReason = text(attributes.get('llm.finish_reason'));
  return {
    provider: readProvider(attributes, metadata),
    requestModel,
    // `llm.model_name` is the request's where the response's is not known, and then says nothing of the response.
    responseModel:
      text(attributes.get('llm.response.model_name')) ??
      answered?.responseModel ??
      (model === requestModel ? undefined : model),
    responseId: answered?.responseId,
    finishReasons: finishReason === undefined ? answered?.finishReasons : [normaliseFinishReason(finishReason)],
    stream: parameters['stream'] === true ? true : undefined,
    serviceTier: answered?.serviceTier,
  };
}

/** Who hosts the model, else whose it is, else what LangChain says of it. */
function readProvider(attributes: Attributes, metadata: JsonObject): string | undefined {
  const host = text(attributes.get('llm.provider'));
  const system = text(attributes.get('llm.system'));
  if (host === 'azure' && system === 'openai') return normaliseProvider('azure-openai');
  const provider = host ?? system ?? textIn(metadata, 'ls_provider');
  return provider === undefined ? undefined : normaliseProvider(provider);
}

function readIdentity(
  attributes: Attributes,
  { kind, metadata }: { kind: SpanKind | undefined; metadata: JsonObject },
): Reading {
  const inMetadata = (...names: string[]) =>
    names.map((name) => text(attributes.get(`metadata.${name}`))).find((value) => value !== undefined) ??
    textIn(metadata, ...names);
  const node = kind === 'agent' ? text(attributes.get('graph.node.id')) : undefined;
  return {
    sessionId: inMetadata('sessionId', 'session_id'),
    userId: inMetadata('userId', 'user_id'),
    // A node of an agent is named as the agent.
    agentName: text(attributes.get('agent.name')) ?? (node && (text(attributes.get('graph.node.name')) ?? node)),
    agentId: node,
  };
}

function readTool({ name, attributes }: OtlpSpan, output: Json | undefined): Reading {
  const answer = findToolMessage(output);
  return {
    toolName: text(attributes.get('tool.name')) ?? text(name),
    toolCallId:
      text(attributes.get('tool_call.id')) ?? text(attributes.get('tool.id')) ?? textIn(answer ?? {}, 'tool_call_id'),
  };
}

/** The agents SDK reports control passing to another agent like a tool; nothing is executed. */
function isHandoff({ name, attributes }: OtlpSpan): boolean {
  return /^handoff to /i.test(name) && (text(attributes.get('tool.name')) ?? 'handoff_to_').startsWith('handoff_to_');
}

/** The first of the attributes that holds a JSON object. */
function readObject(attributes: Attributes, ...keys: string[]): JsonObject {
  for (const key of keys) {
    const value = attributes.get(key);
    const parsed = value === undefined ? undefined : structured(value);
    if (isObject(parsed)) return parsed;
  }
  return {};
}

function textIn(object: JsonObject, ...names: string[]): string | undefined {
  return names
    .map((name) => object[name])
    .map((value) => (typeof value === 'string' || typeof value === 'number' ? text(value) : undefined))
    .find((value) => value !== undefined);
}
