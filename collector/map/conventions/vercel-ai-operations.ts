import type { AnyValue } from '../../receive/otlp.ts';
import { kindFromOperation, type SpanKind } from '../names.ts';
import type { Source } from '../source.ts';
import { text } from '../value.ts';

/** What a function of the AI SDK is: its kind, and OpenTelemetry's name of it where there is one. */
export interface SdkOperation {
  kind: SpanKind;
  operation?: string;
}

/** What the user called: a loop or a wrapper around calls of a provider. */
const functions: ReadonlyMap<string, SdkOperation> = new Map(
  Object.entries<SdkOperation>({
    'ai.generateText': { kind: 'agent', operation: 'invoke_agent' },
    'ai.streamText': { kind: 'agent', operation: 'invoke_agent' },
    'ai.generateObject': { kind: 'chain' },
    'ai.streamObject': { kind: 'chain' },
    'ai.embed': { kind: 'chain' },
    'ai.embedMany': { kind: 'chain' },
    'ai.rerank': { kind: 'chain' },
    'ai.toolCall': { kind: 'tool', operation: 'execute_tool' },
  }),
);

/** One call of a provider, by the end of its name: `ai.generateText.doGenerate`. */
const providerCalls: ReadonlyMap<string, SdkOperation> = new Map(
  Object.entries<SdkOperation>({
    doGenerate: { kind: 'llm', operation: 'chat' },
    doStream: { kind: 'llm', operation: 'chat' },
    doEmbed: { kind: 'embedding', operation: 'embeddings' },
    doRerank: { kind: 'retriever', operation: 'rerank' },
  }),
);

/** The operation that `ai.operationId` names, or `operation.name`, which has the user's name for it behind a space. */
export function findOperation(value: AnyValue | undefined): SdkOperation | undefined {
  const id = idOf(value);
  return id.startsWith('ai.') ? (functions.get(id) ?? providerCalls.get(id.slice(id.lastIndexOf('.') + 1))) : undefined;
}

/** True for the span of one call of a model, in the SDK's names or in OpenTelemetry's, not for the loop around it. */
export function isModelCall({ attributes }: Source): boolean {
  const own = findOperation(attributes.get('ai.operationId')) ?? findOperation(attributes.get('operation.name'));
  const kind = own?.kind ?? kindFromOperation(text(attributes.get('gen_ai.operation.name')) ?? '');
  return kind === 'llm' || kind === 'embedding';
}

/** True where the name that the user gave a function is that of an agent: one that embeds is none. */
export function isOfAgent({ attributes }: Source): boolean {
  return /^ai\.(toolCall$|(generate|stream)(Text|Object)(\.|$))/.test(
    idOf(attributes.get('ai.operationId') ?? attributes.get('operation.name')),
  );
}

function idOf(value: AnyValue | undefined): string {
  return text(value)?.split(' ', 1)[0] ?? '';
}
