import { describePlace, serviceOf } from '../receive/findings.ts';
import { findResource, type Reject } from '../receive/otlp.ts';
import type { HeldBody, RefusedRequest, RequestListener, Visitor } from '../receive/visitor.ts';
import type { Metrics } from './metrics.ts';
import { metricsCode, rejectCode, unstorableCode } from './reject-codes.ts';
import type { RejectLog } from './reject-log.ts';
import { type Sender, SenderNames } from './sender-names.ts';
import type { Tally } from './tally.ts';

export interface NumbersDeps {
  metrics: Metrics;
  tally: Tally;
  rejectLog: RejectLog;
  nowMs: () => number;
}

/**
 * Counts what becomes of requests, at once in `/metrics` and in the tally that is saved. At every moment, by sender:
 * received = stored + spooled + rejected.
 */
export class IngestNumbers implements RequestListener {
  readonly #deps: NumbersDeps;
  readonly #names = new SenderNames();

  constructor(deps: NumbersDeps) {
    this.#deps = deps;
  }

  onHeld(visitor: Visitor, { bytes, findings, fate, refusedRows, seconds }: HeldBody): void {
    const { rejects } = findings;
    const { taken, refused } = takeRefused(findings.taken, refusedRows);
    for (const [service, count] of taken) this.#countTaken(this.#names.nameSender(visitor, service), count, fate);
    for (const [service, count] of refused)
      this.#countTaken(this.#names.nameSender(visitor, service), count, 'refused');
    const rejectsOf = Map.groupBy(rejects, (reject) => senderOf(reject) ?? mainService(findings.taken));
    for (const [service, list] of rejectsOf) this.#countRejects(this.#names.nameSender(visitor, service), list);
    const sizes = new Map(findings.taken);
    for (const [service, { length }] of rejectsOf) sizes.set(service, (sizes.get(service) ?? 0) + length);
    for (const [service, share] of divide(bytes, sizes))
      this.#countBytes(this.#names.nameSender(visitor, service), share);
    this.#deps.metrics.ackSeconds.observe({ fate }, seconds);
    if (fate === 'refused') return; // the request is refused, and told so
    const isWhole = rejects.length + refusedRows === 0 && fate !== 'not_kept';
    this.#countRequest(visitor, isWhole ? 'ok' : 'partial');
  }

  onRefused(visitor: Visitor, { status, message }: RefusedRequest): void {
    this.#countRequest(visitor, String(status));
    const sender = this.#names.nameSender(visitor, '');
    const item = { place: '', traceId: '', spanId: '', name: '' };
    this.#deps.rejectLog.add({
      ...sender,
      ...item,
      timeMs: this.#deps.nowMs(),
      code: `request_${String(status)}`,
      message,
    });
  }

  #countTaken(sender: Sender, count: number, fate: HeldBody['fate']): void {
    const { metrics, tally, nowMs } = this.#deps;
    const labels = labelsOf(sender);
    metrics.received.inc(labels, count);
    tally.add(sender, { what: 'received', count, nowMs: nowMs() });
    if (fate === 'stored' || fate === 'spooled') {
      metrics[fate].inc(labels, count);
      tally.add(sender, { what: fate, count, nowMs: nowMs() });
      return;
    }
    this.#countRejected(sender, fate === 'refused' ? unstorableCode : metricsCode, count);
  }

  #countRejects(sender: Sender, rejects: readonly Reject[]): void {
    const { metrics, tally, rejectLog, nowMs } = this.#deps;
    metrics.received.inc(labelsOf(sender), rejects.length);
    tally.add(sender, { what: 'received', count: rejects.length, nowMs: nowMs() });
    for (const [code, list] of Map.groupBy(rejects, ({ reason }) => rejectCode(reason))) {
      this.#countRejected(sender, code, list.length);
      for (const { reason, place, item } of list.slice(0, notesOfBodyMax)) {
        const { traceId = '', spanId = '', name = '' } = item ?? {};
        rejectLog.add({
          ...sender,
          timeMs: nowMs(),
          code,
          message: reason,
          place: describePlace(place),
          traceId,
          spanId,
          name,
        });
      }
    }
  }

  #countRejected(sender: Sender, code: string, count: number): void {
    this.#deps.metrics.rejected.inc({ ...labelsOf(sender), reason: code }, count);
    this.#deps.tally.add(sender, { what: 'rejected', detail: code, count, nowMs: this.#deps.nowMs() });
  }

  #countBytes(sender: Sender, count: number): void {
    this.#deps.metrics.bytes.inc(labelsOf(sender), count);
    this.#deps.tally.add(sender, { what: 'bytes', count, nowMs: this.#deps.nowMs() });
  }

  #countRequest(visitor: Visitor, outcome: string): void {
    const sender = this.#names.nameSender(visitor, '');
    const { project, client, signal, protocol } = sender;
    this.#deps.metrics.requests.inc({ project, client, signal, protocol, outcome });
    this.#deps.tally.add(sender, { what: 'requests', detail: outcome, count: 1, nowMs: this.#deps.nowMs() });
  }
}

/** Rejects of one body and kind that are noted one by one: the log keeps no more of a minute. */
const notesOfBodyMax = 5;

function labelsOf({ project, service, signal, protocol }: Sender) {
  return { project, service, signal, protocol };
}

/** Undefined where nothing is known of the item but its place. */
function senderOf(reject: Reject): string | undefined {
  const resource = findResource(reject);
  return reject.item?.service ?? (resource === undefined ? undefined : serviceOf(resource));
}

/** Whose an item is of which nothing is known: most bodies are of one service. */
function mainService(taken: ReadonlyMap<string, number>): string {
  return [...taken].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? '';
}

/** Whose rows ClickHouse refused is not known where a body is of several services: the largest is taken for it. */
function takeRefused(all: ReadonlyMap<string, number>, refusedRows: number) {
  const taken = new Map(all);
  const refused = new Map<string, number>();
  let left = refusedRows;
  for (const [service, count] of [...all].toSorted(([, a], [, b]) => b - a)) {
    const share = Math.min(left, count);
    if (share === 0) break;
    taken.set(service, count - share);
    refused.set(service, share);
    left -= share;
  }
  return { taken, refused };
}

/** Divides bytes by items, whole, so that the shares add up. */
function divide(bytes: number, sizes: ReadonlyMap<string, number>): [service: string, bytes: number][] {
  let itemsLeft = 0;
  for (const size of sizes.values()) itemsLeft += size;
  if (itemsLeft === 0) return [['', bytes]];
  let bytesLeft = bytes;
  return [...sizes].map(([service, size]) => {
    const share = Math.round((bytesLeft * size) / itemsLeft);
    bytesLeft -= share;
    itemsLeft -= size;
    return [service, share];
  });
}
