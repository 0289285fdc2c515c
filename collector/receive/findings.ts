import { text } from '../map/value.ts';
import type { Attributes, Place, Reject, RejectedItem } from './otlp.ts';

/** What a body held: for its sender, and for the collector's own numbers. */
export interface Findings {
  /** How many items were taken of each service: `service.name` of their resource, '' without one. */
  taken: ReadonlyMap<string, number>;
  rejects: readonly Reject[];
}

/** Ids and names that are not what they should be are shown this far. */
const shownMax = 64;

/** What of an item tells its sender which one it was; never payloads. */
export function describeItem(item: {
  resource: Attributes;
  traceId: Uint8Array;
  spanId: Uint8Array;
  name: string;
}): RejectedItem {
  return {
    service: serviceOf(item.resource),
    traceId: shownId(item.traceId),
    spanId: shownId(item.spanId),
    name: item.name.slice(0, shownMax),
  };
}

export function serviceOf(resource: Attributes): string {
  return text(resource.get('service.name')) ?? '';
}

/** `resourceSpans[0].scopeSpans[1].spans[3]` */
export function describePlace({ list, index }: Place): string {
  return `${list}[${String(index)}]`;
}

function shownId(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, Math.min(id.length, shownMax / 2)).toString('hex');
}
