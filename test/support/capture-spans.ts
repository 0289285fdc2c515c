import { inspect, isDeepStrictEqual } from 'node:util';
import type { SpanDetail, SpanSkeleton } from '../../server/contract/spans.ts';
import type { ApiClient } from './api-client.ts';
import type { SentSpan } from './otlp-decode.ts';
import { parseJson } from './sent-messages.ts';

/** Every span as sent, once: in the lists, in its trace, and in its own detail. Answers what differs. */
export async function compareSpans(sent: SentSpan[], api: ApiClient): Promise<string[]> {
  const traceIds = [...new Set(sent.map(({ traceId }) => traceId))];
  const listed = await api.listTraces();
  const failures = compareIds('traces listed', {
    got: listed.map(({ traceId }) => traceId),
    want: traceIds,
  });
  failures.push(
    ...compareIds('spans listed', {
      got: (await api.listSpans()).map(({ traceId, spanId }) => `${traceId}/${spanId}`),
      want: sent.map(({ traceId, spanId }) => `${traceId}/${spanId}`),
    }),
  );
  for (const traceId of traceIds) {
    const spans = sent.filter((span) => span.traceId === traceId);
    failures.push(...(await compareTrace(traceId, spans, api)));
  }
  return failures;
}

async function compareTrace(traceId: string, sent: SentSpan[], api: ApiClient): Promise<string[]> {
  const { trace, spans } = await api.getTrace(traceId);
  const failures = compareIds(`spans of ${traceId}`, {
    got: spans.map(({ spanId }) => spanId),
    want: sent.map(({ spanId }) => spanId),
  });
  if (trace.spanCount !== sent.length) {
    failures.push(`${traceId}: spanCount ${trace.spanCount}, sent ${sent.length}`);
  }
  const starts = spans.map(({ startTimeUnixNano }) => BigInt(startTimeUnixNano));
  if (starts.some((start, at) => start < (starts[at - 1] ?? 0n))) {
    failures.push(`${traceId}: spans are not in the order of their start`);
  }
  const compared = await Promise.all(
    sent.map(async (span) => {
      const skeleton = spans.find(({ spanId }) => spanId === span.spanId);
      if (skeleton === undefined) return []; // said above
      const detail = await api.getSpan(traceId, span.spanId);
      return [...compareSkeleton(span, skeleton), ...compareSkeleton(span, detail), ...compareDetail(span, detail)];
    }),
  );
  return [...failures, ...compared.flat()];
}

function compareIds(what: string, { got, want }: { got: string[]; want: string[] }): string[] {
  const missing = want.filter((id) => !got.includes(id));
  const extra = got.filter((id, at) => !want.includes(id) || got.indexOf(id) !== at);
  return [
    ...missing.map((id) => `${what}: ${id} is missing`),
    ...extra.map((id) => `${what}: ${id} is there once too often`),
  ];
}

function compareSkeleton(sent: SentSpan, got: SpanSkeleton): string[] {
  const fields = ['traceId', 'spanId', 'parentSpanId', 'name', 'startTimeUnixNano', 'endTimeUnixNano'] as const;
  const failures = fields.flatMap((field) => differ(sent, field, got[field], sent[field]));
  const statuses = allowedStatuses(sent);
  if (!statuses.includes(got.status)) {
    failures.push(`${place(sent)}: status ${got.status}, sent ${statuses.join(' or ')}`);
  }
  return failures;
}

/** What was set stays. A failure that was reported in other ways than by the status is an error, too. */
function allowedStatuses({ status, attributes, events }: SentSpan): string[] {
  if (status !== 'unset') return [status];
  const saysError = attributes['error.type'] !== undefined || events.some(({ name }) => name === 'exception');
  if (saysError) return ['error'];
  return attributes['langfuse.observation.level'] === 'ERROR' ? ['unset', 'error'] : ['unset'];
}

/** A convention may have the message in an attribute. */
function errorMessageOf({ statusMessage, attributes }: SentSpan): unknown {
  if (statusMessage !== '' || attributes['langfuse.observation.level'] !== 'ERROR') return statusMessage;
  return attributes['langfuse.observation.status_message'] ?? '';
}

function compareDetail(sent: SentSpan, got: SpanDetail): string[] {
  return [
    ...compareAttributes(sent, got),
    ...differ(sent, 'statusMessage', got.statusMessage ?? '', errorMessageOf(sent)),
    ...differ(sent, 'scope', got.scope.name ?? '', sent.scopeName),
    ...differ(sent, 'resource', got.resource, sent.resource),
    ...differ(sent, 'events', sorted(got.events), sorted(sent.events)),
    ...differ(sent, 'links', got.links, sent.links),
  ];
}

/**
 * An attribute is there as sent, or what it says is read as a message or payload; of a raw request beside its messages some
 * may also stand in another attribute.
 */
function compareAttributes(sent: SentSpan, got: SpanDetail): string[] {
  const failures = Object.keys(got.attributes)
    .filter((key) => !(key in sent.attributes))
    .map((key) => `${place(sent)}: attribute ${key} was never sent`);
  const content = new Set(leavesOf([contentOf(got), got.attributes]));
  for (const [key, value] of Object.entries(sent.attributes)) {
    if (key in got.attributes) {
      failures.push(...differ(sent, `attribute ${key}`, got.attributes[key], value));
    } else {
      const field = key.slice(key.lastIndexOf('.') + 1); // flat names end in the field of a message
      const lost = leavesOf({ [field]: value }).filter((leaf) => !content.has(leaf));
      if (lost.length > 0) {
        failures.push(`${place(sent)}: attribute ${key} is lost: ${lost.join(', ').slice(0, 200)}`);
      }
    }
  }
  return failures;
}

function contentOf(span: SpanDetail): unknown[] {
  const { systemInstructions, inputMessages, outputMessages, toolDefinitions } = span;
  const { toolArguments, toolResult, inputValue, outputValue, requestModel, responseModel, responseId } = span;
  return [
    ...[systemInstructions, inputMessages, outputMessages, toolDefinitions, toolArguments, toolResult],
    ...[inputValue, outputValue, requestModel, responseModel, responseId],
  ];
}

/** Words of the form, not of the content; they are renamed or normalised on the way. */
const formKeys = new Set(['type', 'role', 'finish_reason', 'finishReason']);

/** All texts, numbers and truth values inside, those in JSON texts included. */
function leavesOf(value: unknown): string[] {
  const parsed = parseJson(value);
  if (parsed === null || parsed === undefined || parsed === '') return [];
  if (Array.isArray(parsed)) return parsed.flatMap((entry) => leavesOf(entry));
  if (typeof parsed !== 'object') return [JSON.stringify(parsed)];
  return Object.entries(parsed)
    .filter(([key]) => !formKeys.has(key))
    .flatMap(([, entry]) => leavesOf(entry));
}

function sorted(events: { timeUnixNano: string; name: string }[]): unknown[] {
  return events.toSorted((a, b) => a.timeUnixNano.localeCompare(b.timeUnixNano) || a.name.localeCompare(b.name));
}

function differ(span: SentSpan, what: string, got: unknown, want: unknown): string[] {
  if (isDeepStrictEqual(got, want)) return [];
  const shown = (value: unknown) => inspect(value, { depth: 9, breakLength: Infinity }).slice(0, 300);
  return [`${place(span)}: ${what} ${shown(got)}, sent ${shown(want)}`];
}

function place({ name, spanId }: SentSpan): string {
  return `${name} (${spanId})`;
}
