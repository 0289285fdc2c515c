import type { OtlpSpan } from '../receive/otlp.ts';
import { genAiPrompt } from './conventions/gen-ai-prompt.ts';
import { genAi, genAiAliases } from './conventions/gen-ai.ts';
import { general } from './conventions/general.ts';
import { googleAdk } from './conventions/google-adk.ts';
import { langsmith } from './conventions/langsmith.ts';
import { mastra } from './conventions/mastra.ts';
import { openInference } from './conventions/open-inference.ts';
import { langfuse, langfuseAdditions } from './conventions/langfuse.ts';
import { logfire } from './conventions/logfire.ts';
import { mcp } from './conventions/mcp.ts';
import type { Origin } from './origins.ts';
import { combine, type NamedReading } from './precedence.ts';
import { pydanticAi } from './conventions/pydantic-ai.ts';
import type { Convention, Reading } from './reading.ts';
import { findRestated } from './restated.ts';
import { Source } from './source.ts';
import { springAi } from './conventions/spring-ai.ts';
import { traceloop } from './conventions/traceloop.ts';
import { traceloopLegacy } from './conventions/traceloop-legacy.ts';
import { vectorStores } from './conventions/vector-stores.ts';
import { vercelAi } from './conventions/vercel-ai.ts';

/**
 * Every convention the collector understands. A new one is one file and one line here; where it is believed before or after
 * others in some field, `precedence.ts` has the order.
 */
export const conventions: readonly Convention[] = [
  general,
  genAi,
  openInference,
  vercelAi,
  langfuse,
  langfuseAdditions,
  traceloop,
  traceloopLegacy,
  mcp,
  vectorStores,
  pydanticAi,
  logfire,
  googleAdk,
  springAi,
  mastra,
  langsmith,
  genAiPrompt,
  genAiAliases,
];

export interface CombinedReading {
  /** The agent convention that gave the kind, else the first that the span speaks; '' where it speaks none. */
  convention: string;
  reading: Reading;
  /** Where each field was found. */
  origins: readonly Origin[];
  /** Attributes that need not be kept, as the reading has what they say. */
  carried: ReadonlySet<string>;
  /** Attributes that are kept, but as payloads: they hold content. */
  payloads: ReadonlySet<string>;
}

/** Reads the span in every convention and takes each field from the one that is believed first. */
export function readSpan(span: OtlpSpan, spoken: readonly Convention[] = conventions): CombinedReading {
  const source = new Source(span);
  const readings: NamedReading[] = [];
  for (const { name, read } of spoken) {
    const found = read(source);
    if (found !== undefined) readings.push({ ...found, name });
  }
  const { reading, from, origins, carried, restated, payloads } = combine(readings);
  const needless = findRestated(span.attributes, { reading, carried, restated });
  return {
    convention: from.get('kind') ?? readings.find(({ name }) => name !== '')?.name ?? '',
    reading,
    origins,
    carried: carried.union(needless),
    payloads: restated.union(payloads),
  };
}
