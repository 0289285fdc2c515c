import type { Receipt, RefusedRows, WriteOutcome } from '../write/batcher.ts';
import { ReceivingBudget } from './body.ts';
import { describePlace, type Findings } from './findings.ts';
import * as jsonDecoder from './json.ts';
import type { TakenBody } from './mapped-batch.ts';
import { MalformedBody, type Reject } from './otlp.ts';
import * as protobufDecoder from './protobuf.ts';
import type { PartialSuccess, Refusal, Signal } from './reply.ts';
import type { HeldBody, RequestListener, Visitor } from './visitor.ts';

export interface IntakeDeps {
  /** Stores the rows of a body, which is so many bytes; throws MalformedBody of one that cannot be read. */
  submit: (body: TakenBody, bytes: number) => Promise<Receipt<Findings>>;
  /** Hears of every body that `take` was given, when its answer is known. */
  listener?: RequestListener | undefined;
}

/** Any body a port has received; metrics are counted, not stored. */
export type ReceivedBody = Omit<TakenBody, 'signal'> & {
  signal: Signal;
  /** By which port it came; HTTP unless it says otherwise. */
  port?: 'http' | 'grpc' | undefined;
  userAgent?: string | undefined;
  keyId?: string | undefined;
};

/** What the sender is told, in whatever way its protocol says it. 200: what is not in `partial` is durable. */
export type Answer = { status: 200; partial: PartialSuccess | undefined } | Refusal;

/** What all ports share: one budget for what is being received, one way from bytes to an answer. */
export interface Intake {
  receiving: ReceivingBudget;
  take(body: ReceivedBody): Promise<Answer>;
}

const rejectReasonsShown = 5;

/** From a body to an answer; answers when the rows are stored. Does no I/O of its own. */
export function createIntake(deps: IntakeDeps): Intake {
  return {
    receiving: new ReceivingBudget(),
    take: async (received) => {
      const { port, userAgent, keyId, ...body } = received;
      const answer = await answerTo(
        body,
        (held) => {
          deps.listener?.onHeld(visitorOf(received), held);
        },
        deps,
      );
      if (answer.status !== 200) deps.listener?.onRefused(visitorOf(received), answer);
      return answer;
    },
  };
}

type Body = Omit<ReceivedBody, 'port' | 'userAgent' | 'keyId'>;
type OnHeld = (held: HeldBody) => void;

async function answerTo(body: Body, onHeld: OnHeld, deps: IntakeDeps): Promise<Answer> {
  try {
    return await take(body, onHeld, deps);
  } catch (error) {
    if (error instanceof MalformedBody) return { status: error.status, message: error.message };
    throw error;
  }
}

async function take({ signal, ...rest }: Body, onHeld: OnHeld, { submit }: IntakeDeps): Promise<Answer> {
  const startMs = performance.now();
  const held = (findings: Findings, fate: HeldBody['fate'], refusedRows = 0) => {
    const seconds = (performance.now() - startMs) / 1000;
    onHeld({ bytes: rest.body.length, findings, fate, refusedRows, seconds });
  };
  if (signal === 'metrics') {
    const { countDataPoints } = rest.encoding === 'json' ? jsonDecoder : protobufDecoder;
    const dataPoints = countDataPoints(rest.body);
    held({ taken: new Map([['', dataPoints]]), rejects: [] }, 'not_kept');
    return answerMetrics(dataPoints);
  }
  const { outcome, told } = await submit({ signal, ...rest }, rest.body.length);
  const fate = fateOf(outcome);
  if (fate !== undefined) held(told ?? { taken: new Map(), rejects: [] }, fate, countRefused(outcome));
  return answerOutcome(outcome, told?.rejects ?? []);
}

/** Undefined of what the sender is to send again. */
function fateOf({ status }: WriteOutcome): HeldBody['fate'] | undefined {
  return status === 'stored' || status === 'spooled' || status === 'refused' ? status : undefined;
}

/** Rows that are dead letters now. */
function countRefused(outcome: WriteOutcome): number {
  const refused = outcome.status === 'stored' ? (outcome.refused ?? []) : [];
  return refused.reduce((sum, { rows }) => sum + rows, 0);
}

function visitorOf({ signal, projectId, userAgent, keyId, encoding, port = 'http' }: ReceivedBody): Visitor {
  return { signal, projectId, userAgent, keyId, protocol: port === 'grpc' ? 'grpc' : `http-${encoding}` };
}

function answerMetrics(dataPoints: number): Answer {
  const partial = { rejected: dataPoints, message: 'metrics are not stored' };
  return { status: 200, partial: dataPoints === 0 ? undefined : partial };
}

function answerOutcome(outcome: WriteOutcome, rejects: readonly Reject[]): Answer {
  switch (outcome.status) {
    case 'stored':
      return { status: 200, partial: describePartial(rejects, outcome.refused ?? []) };
    case 'spooled':
      return { status: 200, partial: describePartial(rejects, []) };
    case 'refused':
      return { status: 400, message: `these rows cannot be stored: ${outcome.reason}` };
    case 'overloaded':
      return {
        status: 429,
        message: 'too much is waiting to be stored; try again',
        retryAfterMs: outcome.retryAfterMs,
      };
    case 'unavailable':
      return {
        status: 503,
        message: 'ClickHouse does not take inserts, and the spool is full; nothing was acknowledged; try again',
        retryAfterMs: outcome.retryAfterMs,
      };
  }
}

/** What was rejected when it came, and what ClickHouse refused. */
function describePartial(rejects: readonly Reject[], refused: readonly RefusedRows[]): PartialSuccess | undefined {
  if (rejects.length + refused.length === 0) return undefined;
  const rows = refused.reduce((sum, one) => sum + one.rows, 0);
  const parts = [
    ...(rejects.length === 0 ? [] : [describeRejects(rejects)]),
    ...(rows === 0 ? [] : [`${String(rows)} cannot be stored: ${refused[0]?.reason ?? ''}`]),
  ];
  return { rejected: rejects.length + rows, message: parts.join('; ') };
}

/** `3 rejected: 2 × trace id is all zeros (first: resourceSpans[0].scopeSpans[0].spans[1]); 1 × …` */
function describeRejects(rejects: readonly Reject[]): string {
  const byReason = Map.groupBy(rejects, ({ reason }) => reason);
  const shown = [...byReason].slice(0, rejectReasonsShown);
  const parts = shown.map(([reason, list]) => {
    const where = list[0] === undefined ? '' : describePlace(list[0].place);
    return `${String(list.length)} × ${reason} (first: ${where})`;
  });
  const more = byReason.size > shown.length ? `; and ${String(byReason.size - shown.length)} more reasons` : '';
  return `${String(rejects.length)} rejected: ${parts.join('; ')}${more}`;
}
