import type { Receipt, WriteOutcome } from '../write/batcher.ts';
import { ReceivingBudget } from './body.ts';
import { describePlace, type Findings } from './findings.ts';
import * as jsonDecoder from './json.ts';
import type { TakenBody } from './mapped-batch.ts';
import { MalformedBody, type Reject } from './otlp.ts';
import * as protobufDecoder from './protobuf.ts';
import type { PartialSuccess, Refusal, Signal } from './reply.ts';

export interface IntakeDeps {
  /** Stores the rows of a body, which is so many bytes; throws MalformedBody of one that cannot be read. */
  submit: (body: TakenBody, bytes: number) => Promise<Receipt<Findings>>;
}

/** Any body a port has received; metrics are counted, not stored. */
export type ReceivedBody = Omit<TakenBody, 'signal'> & { signal: Signal };

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
    take: async (body) => {
      try {
        return await take(body, deps);
      } catch (error) {
        if (error instanceof MalformedBody) return { status: error.status, message: error.message };
        throw error;
      }
    },
  };
}

async function take({ signal, ...rest }: ReceivedBody, { submit }: IntakeDeps): Promise<Answer> {
  if (signal === 'metrics') {
    const { countDataPoints } = rest.encoding === 'json' ? jsonDecoder : protobufDecoder;
    return answerMetrics(countDataPoints(rest.body));
  }
  const { outcome, told } = await submit({ signal, ...rest }, rest.body.length);
  return answerOutcome(outcome, told?.rejects ?? []);
}

function answerMetrics(dataPoints: number): Answer {
  const partial = { rejected: dataPoints, message: 'metrics are not stored' };
  return { status: 200, partial: dataPoints === 0 ? undefined : partial };
}

function answerOutcome(outcome: WriteOutcome, rejects: readonly Reject[]): Answer {
  switch (outcome.status) {
    case 'stored': {
      const partial = { rejected: rejects.length, message: describeRejects(rejects) };
      return { status: 200, partial: rejects.length === 0 ? undefined : partial };
    }
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
        message: 'ClickHouse does not take inserts; nothing was acknowledged; try again',
        retryAfterMs: outcome.retryAfterMs,
      };
  }
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
