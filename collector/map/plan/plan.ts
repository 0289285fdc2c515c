import type { SpanRow } from '../../../migrations/schema.ts';
import type { ContentField, Field, Reading } from '../reading.ts';
import type { Row } from '../table.ts';
import type { RawUsage, Usage } from '../usage.ts';

/**
 * How spans of one shape, whose guarded values are the same, become rows. All else in them may differ:
 *
 * - `constant` are columns that follow from shape and guards;
 * - `texts` are columns that are an attribute's text as it is;
 * - `usage` are counts, before the arithmetic that compares them;
 * - `rows` are rules that are asked again for every span.
 */
export interface Plan {
  /** Columns that are the same in all spans. */
  constant: readonly { column: SpanColumn; value: SpanRow[SpanColumn] }[];
  texts: readonly { column: TextColumn; attribute: number }[];
  /** The attribute that is the session, or the session itself. */
  session: number | string;
  /** Where the resource says none. */
  environment: string;
  /** Undefined where no count can come. */
  usage: readonly PlannedUsage[] | undefined;
  /** True where tokens are a call's own, whatever was counted. */
  isCall: boolean;
  rows: readonly AskedRow[];
  /** Of the rows, which gives each field, where one gives it. */
  given: readonly { field: AskedField; row: number }[];
  /** True where there is content. */
  hasContent: boolean;
  /** Content that is the same in all spans. */
  said: Pick<Reading, ContentField>;
  /** Attributes that are kept as text. */
  strings: readonly number[];
  /** Attributes that are kept as JSON, which is here where it is the same in all spans. */
  others: readonly PlacedJson[];
  /** As `others`, with what is kept for a shorter time. */
  content: readonly PlacedJson[];
  /** Attributes by name, in order. */
  indexes: ReadonlyMap<string, number>;
  /** Attributes that the asked rows may look at beside the guarded ones. */
  open: ReadonlySet<string>;
  guarded: ReadonlySet<string>;
  isNameGuarded: boolean;
}

export type SpanColumn = keyof SpanRow;

export interface PlacedJson {
  attribute: number;
  encoded: string | undefined;
}

/** Counts of one convention: a number that is known, or an attribute's. */
export interface PlannedUsage {
  known: RawUsage;
  counted: readonly { count: CountName; attribute: number }[];
}

export type CountName = Exclude<keyof RawUsage, 'isExclusive'>;

/** A rule that is asked for every span; a plan holds only while each says something where it said something. */
export interface AskedRow {
  row: Row;
  isGiven: boolean;
}

/** Fields with what was said, and others whose values are too many to be guarded. */
export type AskedField = ContentField | 'timeToFirstTokenNs' | 'responseId' | 'toolCallId' | 'reportedCostUsd';

export const contentFields = [
  ...(['toolArguments', 'toolResult', 'inputValue', 'outputValue'] as const),
  ...(['systemInstructions', 'toolDefinitions', 'inputMessages', 'outputMessages'] as const),
] as const satisfies ContentField[];

export const askedFields: ReadonlySet<Field> = new Set<AskedField>([
  ...contentFields,
  ...(['timeToFirstTokenNs', 'responseId', 'toolCallId', 'reportedCostUsd'] as const),
]);

/** Fields that nothing looks into between a rule and its column: only whether there is one counts. */
export const textColumns = {
  operation: 'operation',
  requestModel: 'request_model',
  responseModel: 'response_model',
  responseId: 'response_id',
  serviceTier: 'service_tier',
  sessionId: 'session_id',
  userId: 'user_id',
  agentName: 'agent_name',
  agentId: 'agent_id',
  agentVersion: 'agent_version',
  toolName: 'tool_name',
  toolCallId: 'tool_call_id',
} as const satisfies Partial<Record<keyof Reading, keyof SpanRow>>;

export type TextColumn = (typeof textColumns)[keyof typeof textColumns];

/** What plans depend on of a span beside its values: its attributes in order, each with its class; scope and status. */
export interface Shape {
  names: readonly string[];
  /** Of `valueClass`. */
  classes: readonly number[];
}

/** Columns of what rules do not see, or of attributes: copied for each span. */
export const copiedColumns = [
  ...(['project_id', 'trace_id', 'span_id', 'parent_span_id', 'flags', 'name', 'span_kind', 'start_time'] as const),
  ...(['duration_ns', 'service_name', 'environment', 'dropped_attributes_count'] as const),
  ...(['attributes', 'attributes_json', 'content_attributes', 'resource', 'resource_json'] as const),
] as const satisfies SpanColumn[];

export const usageColumns = {
  input: 'input_tokens',
  output: 'output_tokens',
  cacheRead: 'cache_read_tokens',
  cacheWrite: 'cache_write_tokens',
  cacheWrite5m: 'cache_write_5m_tokens',
  cacheWrite1h: 'cache_write_1h_tokens',
  reasoning: 'reasoning_tokens',
  inputAudio: 'input_audio_tokens',
  outputAudio: 'output_audio_tokens',
} as const satisfies Record<keyof Usage, SpanColumn>;

/** What a rule that is asked again gives. */
export const askedColumns = {
  timeToFirstTokenNs: 'time_to_first_token_ns',
  responseId: 'response_id',
  toolCallId: 'tool_call_id',
  reportedCostUsd: 'reported_cost_usd',
} as const satisfies Partial<Record<AskedField, SpanColumn>>;
