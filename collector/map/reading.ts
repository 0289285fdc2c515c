import type { Json } from '../lossless-json.ts';
import type { CanonicalMessage } from './message.ts';
import type { SpanKind } from './names.ts';
import type { Source } from './source.ts';
import type { RawUsage } from './usage.ts';

/** What one convention makes of a span, in canonical terms. A field it says nothing about is absent. */
export interface Reading {
  kind?: SpanKind | undefined;
  /** What the span looks like where nothing names its kind. */
  likelyKind?: SpanKind | undefined;
  operation?: string | undefined;
  provider?: string | undefined;
  requestModel?: string | undefined;
  responseModel?: string | undefined;
  responseId?: string | undefined;
  finishReasons?: string[] | undefined;
  stream?: boolean | undefined;
  isBatch?: boolean | undefined;
  timeToFirstTokenNs?: bigint | undefined;
  serviceTier?: string | undefined;
  usage?: RawUsage | undefined;
  reportedCostUsd?: number | undefined;
  sessionId?: string | undefined;
  userId?: string | undefined;
  agentName?: string | undefined;
  agentId?: string | undefined;
  agentVersion?: string | undefined;
  /** Where it ran: production, staging. Counts where the resource does not say. */
  environment?: string | undefined;
  /** What the emitter's user says of the span: metadata, tags, properties. Those of several conventions are put together. */
  labels?: ReadonlyMap<string, string> | undefined;
  /** True where the convention says that the span failed, though its status may not. */
  hasFailed?: boolean | undefined;
  errorType?: string | undefined;
  errorMessage?: string | undefined;
  toolName?: string | undefined;
  toolCallId?: string | undefined;
  toolArguments?: Json | undefined;
  toolResult?: Json | undefined;
  inputValue?: Json | undefined;
  outputValue?: Json | undefined;
  systemInstructions?: CanonicalMessage[] | undefined;
  toolDefinitions?: Json[] | undefined;
  inputMessages?: CanonicalMessage[] | undefined;
  outputMessages?: CanonicalMessage[] | undefined;
}

/** A field of a reading, or one of its token counts. */
export type Field = Exclude<keyof Reading, 'usage'> | `usage.${Exclude<keyof RawUsage, 'isExclusive'>}`;

/** Fields that hold what was said, as far as it was sent. */
export type ContentField =
  | 'toolArguments'
  | 'toolResult'
  | 'inputValue'
  | 'outputValue'
  | 'systemInstructions'
  | 'toolDefinitions'
  | 'inputMessages'
  | 'outputMessages';

/** A reading, and which attributes it makes needless: what is stored as content is not stored as an attribute, too. */
export interface ReadSpan {
  reading: Reading;
  /** By field, the attributes whose content that field carries whole. */
  content: Readonly<Partial<Record<ContentField, readonly string[]>>>;
  /** By field, the attribute that it was found in, as the explanation of a span says it. */
  sources: Readonly<Partial<Record<Field, string>>>;
  /** Attributes that say again, in other words, what the content says; one that says more is kept. */
  restated?: readonly string[];
  /** Attributes that hold content of other kinds, such as prompts inside of parameters. */
  payloads?: readonly string[];
  /** Attributes that are kept nowhere: vectors. */
  dropped?: readonly string[];
}

/**
 * One way of writing down what an agent did. `read` is pure and returns undefined where the span does not speak this
 * convention.
 */
export interface Convention {
  /** '' for names that belong to no agent convention. */
  name: string;
  read: (source: Source) => ReadSpan | undefined;
}

/** A reading holds no key without a value, so that readings can be laid over each other. */
export function withoutUndefined(reading: Reading): Reading {
  const kept: Record<string, unknown> = {};
  // A loop: entries and back again cost a tenth of the mapping of a small span.
  for (const [key, value] of Object.entries(reading)) if (value !== undefined) kept[key] = value;
  return kept;
}
