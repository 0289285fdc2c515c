import type { SpanDetail } from '../../api/types.ts';
import { countOf, exactCount, exactUsd, formatDuration, unknown } from '../../components/format.ts';
import { formatLeaf } from '../../components/json/json-value.ts';
import { nameConvention, nameField, rankField } from './mapping-words.ts';

/** A place in which a field was found, as it is shown. */
export type MappedPlace = {
  text: string;
  /** The attribute to look at; null where it is kept as content only, or is no attribute. */
  key: string | null;
};

export type MappedField = {
  field: string;
  label: string;
  value: string;
  convention: string;
  places: MappedPlace[];
};

export type ExplainedSpan = {
  fields: MappedField[];
  /** Conventions that gave fields, and how many. */
  conventions: { name: string; count: number }[];
  /** Attributes that no field was read from. */
  kept: string[];
};

/** Where each field of the span was found, with its value, and which attributes gave none. */
export function explainSpan(detail: SpanDetail): ExplainedSpan {
  const keys = Object.keys(detail.attributes).sort();
  const sorted = detail.mapping.fields.toSorted((a, b) => rankField(a.field) - rankField(b.field));
  const used = new Set<string>();
  const counts = new Map<string, number>();
  const fields = sorted.map(({ field, convention, attribute }): MappedField => {
    const found = attribute.split(', ').map((text) => ({ text, keys: findKeys(text, keys) }));
    for (const key of found.flatMap((place) => place.keys)) used.add(key);
    const name = nameConvention(convention);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    const places = found.map(({ text, keys: [key = null] }) => ({ text, key }));
    return { field, label: nameField(field), value: describeValue(detail, field, places), convention: name, places };
  });
  return {
    fields,
    conventions: [...counts].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count),
    kept: keys.filter((key) => !used.has(key)),
  };
}

/** The attributes that a place names: itself, or all that begin like it. */
function findKeys(place: string, keys: readonly string[]): string[] {
  if (place.endsWith('*')) return keys.filter((key) => key.startsWith(place.slice(0, -1)));
  return keys.includes(place) ? [place] : [];
}

const valueCharsMax = 200;

function describeValue(detail: SpanDetail, field: string, places: readonly MappedPlace[]): string {
  const describe = Object.hasOwn(values, field) ? values[field] : undefined;
  const value = describe === undefined ? undefined : describe(detail);
  const [key] = places.flatMap((place) => place.key ?? []);
  const text = describeLeaf(value ?? (key === undefined ? undefined : detail.attributes[key]));
  return text.length > valueCharsMax ? `${text.slice(0, valueCharsMax)}…` : text;
}

function describeLeaf(value: unknown): string {
  if (value === undefined || value === null) return unknown;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return exactCount(value);
  return typeof value === 'string' ? value : formatLeaf(value);
}

const list = (count: number, what: string) => (count === 0 ? undefined : countOf(count, what));

/** Of each field, what the span says today; what has no place in the span is read from the attribute. */
const values: Readonly<Record<string, (detail: SpanDetail) => unknown>> = {
  kind: (detail) => detail.kind,
  operation: (detail) => detail.operation,
  provider: (detail) => detail.provider,
  requestModel: (detail) => detail.requestModel,
  responseModel: (detail) => detail.responseModel,
  responseId: (detail) => detail.responseId,
  agentName: (detail) => detail.agentName,
  agentId: (detail) => detail.agentId,
  agentVersion: (detail) => detail.agentVersion,
  toolName: (detail) => detail.toolName,
  toolCallId: (detail) => detail.toolCallId,
  serviceTier: (detail) => detail.serviceTier,
  stream: (detail) => detail.stream,
  isBatch: (detail) => detail.isBatch,
  timeToFirstTokenNs: ({ timeToFirstTokenNs: ns }) => (ns === null ? undefined : formatDuration(ns)),
  'usage.input': (detail) => detail.usage?.inputTokens,
  'usage.output': (detail) => detail.usage?.outputTokens,
  'usage.cacheRead': (detail) => detail.usage?.cacheReadTokens,
  'usage.cacheWrite': (detail) => detail.usage?.cacheWriteTokens,
  'usage.reasoning': (detail) => detail.usage?.reasoningTokens,
  'usage.cacheWrite5m': (detail) => detail.booking?.cacheWrite5mTokens,
  'usage.cacheWrite1h': (detail) => detail.booking?.cacheWrite1hTokens,
  'usage.inputAudio': (detail) => detail.booking?.inputAudioTokens,
  'usage.outputAudio': (detail) => detail.booking?.outputAudioTokens,
  reportedCostUsd: ({ reportedCostUsd: usd }) => (usd === null || usd === undefined ? undefined : exactUsd(usd)),
  sessionId: (detail) => detail.sessionId,
  userId: (detail) => detail.userId,
  labels: ({ labels }) =>
    Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(', '),
  systemInstructions: ({ systemInstructions: parts }) => list(parts.length, 'part'),
  toolDefinitions: ({ toolDefinitions: tools }) => list(tools.length, 'tool'),
  inputMessages: ({ inputMessages: messages }) => list(messages.length, 'message'),
  outputMessages: ({ outputMessages: messages }) => list(messages.length, 'message'),
  toolArguments: (detail) => detail.toolArguments,
  toolResult: (detail) => detail.toolResult,
  inputValue: (detail) => detail.inputValue,
  outputValue: (detail) => detail.outputValue,
  finishReasons: ({ finishReasons: reasons }) => reasons.join(', '),
  hasFailed: (detail) => detail.status === 'error',
  errorType: (detail) => detail.errorType,
  errorMessage: (detail) => detail.statusMessage,
};
