import { findSpanFault, type TimeBounds } from '../map/fault.ts';
import { mapSpan } from '../map/span.ts';
import type { RowSink } from '../write/column-batch.ts';
import { describeItem } from './findings.ts';
import { followPlan, type SpanContext } from './follow-plan.ts';
import { type KnownResource, KnownResources } from './known-resources.ts';
import { collectItem, type Decoded, type OtlpSpan, type Place, type Reject, requestLimits } from './otlp.ts';
import { PlanBook } from './plan-book.ts';
import { decodeSpan } from './protobuf.ts';
import { scanFrame, type ScannedResource } from './scan-frame.ts';
import { SpanScan } from './scan-span.ts';

export interface TracesTaken {
  rejects: Reject[];
  /** How many spans were taken, by service. */
  taken: Map<string, number>;
}

export interface TracesRequest {
  body: Buffer;
  projectId: string;
  bounds: TimeBounds;
  /** Throws where a request has brought too many messages. */
  limitMessages: () => void;
}

/** Where rows go. */
type TracesSink = Pick<RowSink, 'spans' | 'messages' | 'mark' | 'rollback'>;

/**
 * Spans of protobuf bodies from bytes to columns, by plans; those without one by decoder and mapping. What it knows of
 * senders is bounded, and kept from request to request.
 */
export class FastTraces {
  /** Spans that were taken by a plan, and those that were decoded and mapped. */
  readonly counts = { planned: 0, mapped: 0 };
  readonly #book = new PlanBook();
  readonly #known = new KnownResources();
  readonly #scan = new SpanScan();

  /**
   * Appends the rows of a body. Undefined, and nothing is appended, where the frame around the spans is unusual or
   * the body may hold more than it may: the decoder then reads it.
   */
  append(request: TracesRequest, sink: TracesSink): TracesTaken | undefined {
    const { body } = request;
    const frame = scanFrame(body);
    if (frame === undefined) return undefined;
    const spanCount = frame.flatMap(({ scopes }) => scopes).reduce((sum, { spans }) => sum + spans.length / 2, 0);
    if (spanCount > requestLimits.items) return undefined;
    const heads = this.#readHeads(body, frame);
    if (heads === undefined) return undefined;

    const appending: Appending = {
      ...{ request, sink, values: valuesAround(frame), faults: [] },
      decoded: { items: [], places: [], rejects: [] },
      taken: new Map(),
    };
    const mark = sink.mark();
    frame.forEach(({ scopes }, resourceIndex) => {
      scopes.forEach(({ spans }, scopeIndex) => {
        const head = heads[resourceIndex]?.[scopeIndex];
        if (head === undefined) return;
        const list = `resourceSpans[${String(resourceIndex)}].scopeSpans[${String(scopeIndex)}].spans`;
        for (let at = 0; at < spans.length; at += 2) {
          this.#appendSpan(appending, head, [spans[at] ?? 0, spans[at + 1] ?? 0], { list, index: at / 2 });
        }
      });
    });
    if (appending.values > requestLimits.values) {
      sink.rollback(mark);
      return undefined;
    }
    const { decoded, faults, taken } = appending;
    return { rejects: [...decoded.rejects, ...faults], taken };
  }

  /** By resource and scope; undefined where one is not readable. */
  #readHeads(body: Buffer, frame: readonly ScannedResource[]): Head[][] | undefined {
    try {
      return frame.map(({ resource, scopes }) => {
        const known = this.#known.resource(body, resource);
        return scopes.map(({ scope }) => ({ resource: known, ...this.#known.scope(body, scope) }));
      });
    } catch {
      return undefined;
    }
  }

  #appendSpan(appending: Appending, head: Head, [at, end]: [number, number], place: Place): void {
    const { request, sink, decoded } = appending;
    const { body, bounds } = request;
    const scan = this.#scan;
    const isScanned = scan.scan(body, at, end, this.#book.keys) && isSurelyGood(scan, bounds);
    appending.values += isScanned ? scan.valuesAtMost : (end - at) / 2;
    if (appending.values > requestLimits.values) return;
    const context: SpanContext = { projectId: request.projectId, resource: head.resource, scope: head.scope };
    const plan = isScanned ? this.#book.find(scan, head.id) : undefined;
    if (plan !== undefined && followPlan(sink, plan, scan, context)) {
      request.limitMessages();
      this.counts.planned += 1;
      countTaken(appending, head.resource);
      return;
    }
    collectItem(decoded, place, () => decodeSpan(body.subarray(at, end), head.resource.attributes, head.scope));
    const span = decoded.items.pop();
    decoded.places.pop();
    if (span === undefined) return;
    const reason = findSpanFault(span, bounds);
    if (reason !== undefined) {
      appending.faults.push({ reason, place, item: describeItem(span) });
      return;
    }
    const { row, messages } = mapSpan(span, request.projectId);
    this.counts.mapped += 1;
    sink.spans.append(row);
    sink.messages.addRows(messages);
    request.limitMessages();
    countTaken(appending, head.resource);
    if (isScanned) this.#book.learn(scan, head.id, span);
  }
}

/** How many nested messages there may be around the spans. */
function valuesAround(frame: readonly ScannedResource[]): number {
  let values = 0;
  for (const { resource, scopes } of frame) {
    values += 2 + (resource[1] - resource[0]) / 2;
    for (const { scope } of scopes) values += 2 + (scope[1] - scope[0]) / 2;
  }
  return values;
}

interface Head {
  resource: KnownResource;
  scope: SpanContext['scope'];
  id: number;
}

interface Appending {
  request: TracesRequest;
  sink: TracesSink;
  /** How many nested messages there may be so far. */
  values: number;
  decoded: Decoded<OtlpSpan>;
  faults: Reject[];
  taken: Map<string, number>;
}

function countTaken({ taken }: Appending, { serviceName }: KnownResource): void {
  taken.set(serviceName, (taken.get(serviceName) ?? 0) + 1);
}

/** Far more than a double of nanoseconds is off. */
const marginNs = 1e6;

/** True where `findSpanFault` finds nothing for certain; near the bounds of time it is asked. */
function isSurelyGood({ bytes, traceAt, spanAt, startAt, endAt }: SpanScan, bounds: TimeBounds): boolean {
  const startNs = bytes.readUInt32LE(startAt + 4) * 2 ** 32 + bytes.readUInt32LE(startAt);
  return (
    startNs > Number(bounds.oldestNs) + marginNs &&
    startNs < Number(bounds.newestNs) - marginNs &&
    startNs > 0 &&
    bytes.readUInt32LE(endAt + 4) < 2 ** 31 &&
    !isZero(bytes, traceAt, 16) &&
    !isZero(bytes, spanAt, 8)
  );
}

function isZero(bytes: Buffer, at: number, length: number): boolean {
  for (let index = at; index < at + length; index += 1) if (bytes[index] !== 0) return false;
  return true;
}
