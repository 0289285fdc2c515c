import { tables } from '../../migrations/schema.ts';
import type { Skeleton } from '../domain/settlement/skeleton.ts';
import type { GivenMessages } from '../domain/settlement/turns.ts';
import { earliest, latest, msPerHour, shift } from '../domain/time.ts';
import type { TurnSpan } from '../domain/turn-steps.ts';
import type { Db, QueryParameters } from './db.ts';
import { skeletonColumns, type SkeletonRow } from './span-skeletons.ts';
import { ofTraceDays, type TraceSpread } from './trace-days.ts';

/** A span that arrived after its trace was settled last may start this much outside of what was settled. */
const lateSpreadMs = msPerHour;

/** Messages of one answer. */
const outputMessagesMax = 100;

interface SessionSpanRow extends SkeletonRow {
  week: string;
  conversation: string;
  inputMessageCount: string;
  outputMessages: string[];
  userMessageCount: number;
  lastUserMessage: string;
  scopeName: string;
  toolCallId: string;
}

/** A span with its row, and where its messages lie. */
export interface SessionSpan extends TurnSpan {
  row: SkeletonRow;
  key: string;
  week: string;
  conversation: string;
  /** Hex hashes. */
  outputMessages: string[];
  /** Only its log records say what it was given, or answered. */
  isInputRecorded: boolean;
  isOutputRecorded: boolean;
}

/**
 * Spans of some traces, each once, with what they and their log records were given: by day and trace id, the tables' own
 * keys. At most `spansMax`, those that start first.
 */
export async function readSessionSpans(
  db: Db,
  { projectId, traces, spansMax }: { projectId: string; traces: readonly TraceSpread[]; spansMax: number },
): Promise<SessionSpan[]> {
  if (traces.length === 0) return [];
  const { condition, parameters } = ofTraceDays(traces);
  const bound = { ...parameters, ...timesOf(traces), projectId, limit: spansMax };
  const [rows, recorded] = await Promise.all([
    readSpanRows(db, condition, bound),
    readRecorded(db, ofTraceDays(traces, 'time').condition, bound),
  ]);
  return rows.map((row) => toSessionSpan(row, recorded.get(row.traceId + row.spanId)));
}

function timesOf(traces: readonly TraceSpread[]) {
  return {
    fromNs: shift(traces.map(({ window }) => window.from).reduce(earliest), -lateSpreadMs),
    toNs: shift(traces.map(({ window }) => window.to).reduce(latest), lateSpreadMs),
  };
}

async function readSpanRows(db: Db, ofTraces: string, bound: QueryParameters): Promise<SessionSpanRow[]> {
  return db.rows<SessionSpanRow>(
    `SELECT *
     FROM (
       SELECT ${skeletonColumns},
         toString(toMonday(start_time)) AS week, if(session_id = '', lower(hex(trace_id)), session_id) AS conversation,
         length(input_messages) AS inputMessageCount,
         arrayMap(h -> lower(hex(h)), arraySlice(output_messages, 1, ${String(outputMessagesMax)})) AS outputMessages,
         user_message_count AS userMessageCount, last_user_message AS lastUserMessage,
         scope_name AS scopeName, tool_call_id AS toolCallId
       FROM ${tables.spans}
       WHERE project_id = {projectId:String}
         AND ${ofTraces}
         AND start_time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')
         AND start_time < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')
       ORDER BY ingested_at DESC
       LIMIT 1 BY trace_id, span_id
     )
     ORDER BY startNs, traceId, spanId
     LIMIT {limit:UInt32}`,
    bound,
  );
}

interface RecordedRow {
  traceId: string;
  spanId: string;
  inputMessages: string;
  userMessages: string;
  lastUser: string;
  outputMessages: string;
}

/** What log records say of spans, summed up a span; each record once. */
async function readRecorded(db: Db, ofTraces: string, bound: QueryParameters): Promise<Map<string, RecordedRow>> {
  const rows = await db.rows<RecordedRow>(
    `SELECT lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId,
       sum(inputs) AS inputMessages, sum(user_message_count) AS userMessages,
       argMaxIf(last_user_message, (time, sequence), user_message_count > 0) AS lastUser, sum(outputs) AS outputMessages
     FROM (
       SELECT trace_id, span_id, time, sequence, user_message_count, last_user_message,
         length(input_messages) AS inputs, length(output_messages) AS outputs
       FROM ${tables.spanEvents}
       WHERE project_id = {projectId:String}
         AND ${ofTraces}
         AND time >= fromUnixTimestamp64Nano({fromNs:Int64}, 'UTC')
         AND time < fromUnixTimestamp64Nano({toNs:Int64}, 'UTC')
       ORDER BY ingested_at
       LIMIT 1 BY trace_id, span_id, event_id
     )
     GROUP BY trace_id, span_id
     LIMIT {limit:UInt32}`,
    bound,
  );
  return new Map(rows.map((row) => [row.traceId + row.spanId, row]));
}

function toSessionSpan(row: SessionSpanRow, recorded: RecordedRow | undefined): SessionSpan {
  const ofSpan: GivenMessages = {
    inputMessageCount: Number(row.inputMessageCount),
    userMessageCount: row.userMessageCount,
    lastUserMessage: BigInt(row.lastUserMessage),
  };
  const isInputRecorded = ofSpan.inputMessageCount === 0 && recorded !== undefined && recorded.inputMessages !== '0';
  const isOutputRecorded = row.outputMessages.length === 0 && recorded !== undefined && recorded.outputMessages !== '0';
  return {
    row,
    key: row.traceId + row.spanId,
    week: row.week,
    conversation: row.conversation,
    outputMessages: row.outputMessages,
    span: toTreeSpan(row),
    given: isInputRecorded
      ? {
          inputMessageCount: Number(recorded.inputMessages),
          userMessageCount: Number(recorded.userMessages),
          lastUserMessage: BigInt(recorded.lastUser),
        }
      : ofSpan,
    hasOutput: row.outputMessages.length > 0 || isOutputRecorded,
    toolCallId: row.toolCallId,
    isInputRecorded,
    isOutputRecorded,
  };
}

const noParent = '0'.repeat(16);
const noTokens: Skeleton['tokens'] = {
  inputTokens: 0n,
  outputTokens: 0n,
  cacheReadTokens: 0n,
  cacheWriteTokens: 0n,
  cacheWrite5mTokens: 0n,
  cacheWrite1hTokens: 0n,
  reasoningTokens: 0n,
  inputAudioTokens: 0n,
  outputAudioTokens: 0n,
};
const unread = {
  environment: '',
  responseId: '',
  serviceTier: '',
  isBatch: false,
  tokens: noTokens,
  reportedCost: null,
  inputPreview: '',
  outputPreview: '',
  agentVersion: '',
  labels: new Map<string, string>(),
};

/** What a tree and inheritance need of a span; settlement has decided the rest already. */
function toTreeSpan(row: SessionSpanRow): Skeleton {
  const [startNs, endNs] = [BigInt(row.startNs), BigInt(row.endNs)];
  return {
    ...unread,
    traceId: row.traceId,
    spanId: row.spanId,
    parentSpanId: row.parentSpanId === noParent ? '' : row.parentSpanId,
    name: row.spanName,
    startNs,
    endNs: endNs > startNs ? endNs : startNs,
    isError: row.spanStatus === 'error',
    serviceName: row.serviceName,
    scopeName: row.scopeName,
    kind: row.spanKind,
    operation: row.operationName,
    sessionId: row.sessionId,
    userId: row.userId,
    agentName: row.agentName,
    provider: row.providerName,
    requestModel: row.requestModel,
    responseModel: row.responseModel,
    toolName: row.toolName,
    usageScope: row.usageScope,
    hasUsage: row.hasUsage,
  };
}
