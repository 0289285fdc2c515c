import type { SpanKind } from '../api/types.ts';

/** How a span kind looks everywhere: one letter and one hue, never the hue alone. */
export const kindLooks: Record<SpanKind, { letter: string; label: string; colour: string }> = {
  agent: { letter: 'A', label: 'Agent', colour: 'var(--kind-agent)' },
  llm: { letter: 'L', label: 'LLM', colour: 'var(--kind-llm)' },
  tool: { letter: 'T', label: 'Tool', colour: 'var(--kind-tool)' },
  retriever: { letter: 'R', label: 'Retriever', colour: 'var(--kind-retriever)' },
  embedding: { letter: 'E', label: 'Embedding', colour: 'var(--kind-embedding)' },
  guardrail: { letter: 'G', label: 'Guardrail', colour: 'var(--kind-guardrail)' },
  evaluator: { letter: 'V', label: 'Evaluator', colour: 'var(--kind-evaluator)' },
  chain: { letter: 'C', label: 'Chain', colour: 'var(--kind-chain)' },
  other: { letter: 'O', label: 'Other', colour: 'var(--kind-other)' },
};
