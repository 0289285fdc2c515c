import { type HrTime, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Span } from './span.ts';

const kinds = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT } as const;

/** Who emits: on all spans of a process. */
export interface Emitter {
  resource: Resource;
  scope: { name: string; version: string };
}

export function makeEmitter(version: string): Emitter {
  return {
    resource: resourceFromAttributes({ 'service.name': 'sightglass-runtime', 'service.version': version }),
    scope: { name: 'sightglass.runtime', version },
  };
}

/** The span as OpenTelemetry's exporters take it. */
export function toReadableSpan(span: Span, { resource, scope }: Emitter): ReadableSpan {
  const context = { traceId: span.traceId, traceFlags: TraceFlags.SAMPLED };
  return {
    name: span.name,
    kind: kinds[span.kind],
    spanContext: () => ({ ...context, spanId: span.spanId }),
    ...(span.parent && { parentSpanContext: { ...context, ...span.parent } }),
    startTime: hrTime(span.startMs),
    endTime: hrTime(span.endMs),
    duration: hrTime(Math.max(0, span.endMs - span.startMs)),
    status:
      span.error === undefined
        ? { code: SpanStatusCode.UNSET }
        : { code: SpanStatusCode.ERROR, message: span.error.message },
    attributes: span.attributes,
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
}
