import type { AnyValue } from '../../receive/otlp.ts';
import type { SpanKind } from '../names.ts';
import { flatList, hasFlatList } from './open-inference-lists.ts';
import type { Source } from '../source.ts';
import { derived, type Row } from '../table.ts';
import { text } from '../value.ts';

/** What OpenInference calls a kind; the operation is for what the product's kinds do not tell apart. */
const kinds: ReadonlyMap<string, { kind: SpanKind; operation?: string }> = new Map(
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

/** Names of model calls that no other convention uses. */
export const callNames = [
  ...['llm.model_name', 'llm.request.model_name', 'llm.response.model_name', 'llm.invocation_parameters'],
  ...['llm.token_count.prompt', 'llm.token_count.completion', 'llm.token_count.total'],
];
const ownNames = [
  ...['openinference.span.kind', 'embedding.model_name', 'reranker.model_name', 'reranker.query'],
  ...['input.value', 'output.value', ...callNames],
];

/** True where a name or a list is there that only OpenInference has. */
export function speaksOpenInference(source: Source): boolean {
  return ownNames.some((own) => source.attributes.has(own)) || hasFlatList(source);
}

/** What the span names as its kind. */
export function readKind(value: AnyValue): { kind: SpanKind; operation?: string } | undefined {
  return kinds.get(text(value)?.toUpperCase() ?? '');
}

/** Rows for spans that name no kind, but have one of the lists. */
export function likely(kind: SpanKind, ...roots: Parameters<typeof flatList>[1][]): Row[] {
  return roots.map((root) =>
    derived('likelyKind', `${root}.*`, (source) => (flatList(source, root) === undefined ? undefined : kind)),
  );
}

/** Rows that are read in spans of these kinds alone. */
export function only(of: readonly (SpanKind | undefined)[], ...rows: Row[]): Row[] {
  return rows.map((limited) => ({
    ...limited,
    read: (source, from) => (of.includes(source.once(kindOf)) ? limited.read(source, from) : undefined),
    keys:
      limited.keys &&
      ((source, from) => (of.includes(source.once(kindOf)) ? (limited.keys?.(source, from) ?? []) : [])),
  }));
}

/** The kind that the span names, else the one that it looks like. */
function kindOf(source: Source): SpanKind | undefined {
  const { attributes } = source;
  const named = readKind(attributes.get('openinference.span.kind') ?? null)?.kind;
  if (named !== undefined) return named;
  const has = (root: Parameters<typeof flatList>[1]) => flatList(source, root) !== undefined;
  if (attributes.has('embedding.model_name') || has('embedding.embeddings')) return 'embedding';
  if (has('retrieval.documents') || has('reranker.output_documents')) return 'retriever';
  const isCall =
    has('llm.input_messages') || has('llm.output_messages') || callNames.some((own) => attributes.has(own));
  return isCall ? 'llm' : undefined;
}

/** The agents SDK reports control passing to another agent like a tool; nothing is executed. */
export function isHandoff({ span, attributes }: Source): boolean {
  return (
    /^handoff to /i.test(span.name) && (text(attributes.get('tool.name')) ?? 'handoff_to_').startsWith('handoff_to_')
  );
}
