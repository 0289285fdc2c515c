import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { SpanRow } from '../../../../migrations/schema.ts';
import { type Capture, loadCaptures } from '../../../support/captures.ts';
import { parseJson } from '../../../support/sent-messages.ts';
import { describeRows, mapCapture } from './captured-rows.ts';

/** How captures of one kind differ from what all the others do. */
export interface CaptureDifferences {
  /** How often each call is in the capture; twice where the index says that it was instrumented twice. */
  copies?: (capture: Capture) => bigint;
  /** Arguments and result of a tool as the SDK sends them. */
  sentArguments?: (capture: Capture, given: unknown) => unknown;
  sentResult?: (capture: Capture, result: unknown) => unknown;
  /** What a model called a tool with, after the SDK checked it. */
  calledWith?: (capture: Capture, given: unknown) => unknown;
  /** True where spans around a call, too, say what was answered: some leave a model's calls of tools to these. */
  hasAnswersAround?: boolean;
  /** False where a model's calls of tools have no ids. */
  hasCallIds?: (capture: Capture) => boolean;
  /** False where tools do not know which call they carry out. */
  hasExecutionIds?: (capture: Capture) => boolean;
  /** The user, where a capture has one that the index does not know of. */
  unlistedUser?: (capture: Capture) => string | undefined;
  /** False where the ids of responses stand on other spans than the calls. */
  hasResponseIds?: (capture: Capture) => boolean;
  /** Attributes that hold messages, and so are not kept beside them. */
  messageAttributes: RegExp;
}

/** Holds what is read of real SDK bodies to the log of the model server that answered them. `prefix` as capture ids begin. */
export function describeCaptures(prefix: string, differences: CaptureDifferences): void {
  const { copies = usualCopies, sentArguments = asGiven, sentResult = asGiven, calledWith = asGiven } = differences;
  const { hasCallIds = () => true, hasExecutionIds = () => true, unlistedUser = () => undefined } = differences;
  const { hasResponseIds = () => true, messageAttributes } = differences;
  const captures = loadCaptures(prefix).map((capture) => [capture.id, capture] as const);

  describe.each(captures)('%s', (id, capture) => {
    const rows = mapCapture(capture);
    const calls = rows.filter(({ row }) => row.kind === 'llm' || row.kind === 'embedding');
    const { truth, derivable } = capture;

    it('is read as it was', async () => {
      await expect(describeRows(rows)).toMatchFileSnapshot(join(import.meta.dirname, 'golden', `${id}.txt`));
    });

    it('has the tokens of its calls', () => {
      const scoped = rows.map(({ row }) => row).filter(({ usage_scope: scope }) => scope === 'call');
      const times = copies(capture);
      expect({
        input: sum(scoped, 'input_tokens'),
        output: sum(scoped, 'output_tokens'),
        cacheRead: sum(scoped, 'cache_read_tokens'),
        cacheWrite: sum(scoped, 'cache_write_tokens'),
        reasoning: sum(scoped, 'reasoning_tokens'),
        calls: BigInt(scoped.length),
        withUsage: BigInt(scoped.filter(({ has_usage: has }) => has).length),
      }).toEqual({
        input: BigInt(derivable.input_total) * times,
        output: BigInt(derivable.output_total) * times,
        cacheRead: BigInt(derivable.cache_read) * times,
        cacheWrite: BigInt(derivable.cache_write) * times,
        reasoning: BigInt(derivable.reasoning) * times,
        calls: BigInt(derivable.llm_calls_visible) * times,
        withUsage: BigInt(derivable.llm_calls_with_usage) * times,
      });
    });

    it('has what the models answered', () => {
      for (const call of truth.llm_calls) {
        const emitted = call.emitted_in_payload;
        const said = (differences.hasAnswersAround === true ? rows : calls).flatMap(({ output }) => output);
        if (call.output_text !== null && emitted?.output_text === 'span') {
          expect(said).toContain(`assistant text ${JSON.stringify(call.output_text)}`);
        }
        for (const { id: callId, name, arguments: given } of call.tool_calls) {
          const sentId = hasCallIds(capture) ? callId : '';
          expect(said).toContain(`assistant tool_call ${sentId} ${name} ${JSON.stringify(calledWith(capture, given))}`);
        }
        if (emitted?.response_model === 'span') {
          expect(calls.map(({ row }) => row.response_model)).toContain(call.response_model);
        }
        if (emitted?.response_id === 'span' && hasResponseIds(capture)) {
          expect(calls.map(({ row }) => row.response_id)).toContain(call.response_id);
        }
      }
    });

    it('has what the tools did', () => {
      const tools = rows
        .map(({ row }) => row)
        .filter(({ kind, operation }) => kind === 'tool' && operation !== 'handoff');
      expect(tools).toHaveLength(derivable.tool_spans);
      if (derivable.tool_spans === 0) return;
      const executions = tools.map((row) => executionOf(row));
      for (const { name, arguments: given, result, call_id: callId } of truth.tool_executions) {
        const sent = sentArguments(capture, given);
        const same = executions.find((one) => isDeepStrictEqual([one.name, one.arguments], [name, sent]));
        const hasId = callId !== undefined && hasExecutionIds(capture);
        expect(same).toMatchObject({ result: sentResult(capture, result), ...(hasId ? { callId } : {}) });
      }
    });

    it('knows session and user', () => {
      for (const [session, places] of Object.entries(derivable.session_id_found_in ?? {})) {
        const found = rows.filter(({ row }) => row.session_id === session).length;
        expect(found).toBe(Math.max(0, ...Object.values(places)));
      }
      const listed = Object.keys(derivable.user_id_found_in ?? {}).length > 0 ? truth.user_id : undefined;
      const users = [listed ?? unlistedUser(capture)].filter((user) => user !== undefined);
      expect([...new Set(rows.map(({ row }) => row.user_id).filter(Boolean))]).toEqual(users);
    });

    it('stores no message a second time', () => {
      // A tool's result may say more than the message that it becomes.
      for (const { row } of rows.filter(({ row: { kind } }) => kind !== 'tool')) {
        const kept = [...row.attributes.keys(), ...row.attributes_json.keys(), ...row.content_attributes.keys()];
        expect(kept.filter((key) => messageAttributes.test(key))).toEqual([]);
      }
    });
  });
}

function asGiven(_capture: Capture, given: unknown): unknown {
  return given;
}

function usualCopies({ double_count_trap: isDoubled }: Capture): bigint {
  return isDoubled ? 2n : 1n;
}

type TokenColumn = `${'input' | 'output' | 'cache_read' | 'cache_write' | 'reasoning'}_tokens`;

function sum(rows: readonly SpanRow[], column: TokenColumn): bigint {
  return rows.reduce((total, row) => total + row[column], 0n);
}

function executionOf(row: SpanRow): { name: string; arguments: unknown; result: unknown; callId: string } {
  return {
    name: row.tool_name,
    arguments: parseJson(row.tool_arguments),
    result: parseJson(row.tool_result),
    callId: row.tool_call_id,
  };
}
