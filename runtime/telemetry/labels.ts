import type { SpanAttributes } from './span.ts';

/** By the name under which association properties travel: OpenTelemetry has none for what its users say of a trace. */
export function labelAttributes(labels: Readonly<Record<string, string>>): SpanAttributes {
  return Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [`traceloop.association.properties.${key}`, value]),
  );
}
