import type { ModelReply } from '../models/model.ts';
import type { Attempt, ModelCall, StepEntry, Turn, TurnEnd } from '../sessions/record.ts';
import type { Tool } from '../tools/tool.ts';
import { AskFailure, type RunnableAgent } from './agent.ts';
import { checkOutput, describeRepair } from './check-output.ts';
import { compact } from './compact.ts';
import {
  buildMessages,
  chooseFromTurn,
  type Conversation,
  findCompaction,
  hasEarlier,
  textSeparator,
  visibleText,
} from './conversation.ts';
import { fillInstructions } from './fill-instructions.ts';
import { findBrokenLimit, findBrokenToolLimit, turnUsd } from './limits.ts';
import { isCircling } from './loop-detection.ts';
import { addUsd } from './money.ts';
import { runTools } from './run-tools.ts';
import { hashText } from './hash-text.ts';
import { endOfStop, stopReason, TurnStopped } from './stop.ts';
import type { TurnJob } from './turn-job.ts';
import { TurnLog } from './turn-log.ts';

type Ending = Omit<TurnEnd, 'text' | 'atMs'>;

/**
 * Runs a turn to its end, from wherever its record stands: calls models and tools, writes each step down before the next begins,
 * and ends it. Undefined: it stays open, another process goes on with it. What models and tools do wrong is part of the record;
 * rejects for faults of our own.
 */
export async function runTurn(job: TurnJob): Promise<Turn | undefined> {
  const log = new TurnLog(job);
  const run = new TurnRun(job, log);
  const ending = await run.untilEnd();
  if (ending === 'open') return undefined;
  const end: TurnEnd = { ...ending, text: run.text(), atMs: job.nowMs() };
  try {
    const isEnded = await log.persist(() => job.store.finish(job.claim, end));
    return isEnded ? { ...job.turn, state: end.state, entries: log.entries, end } : undefined;
  } catch (error) {
    if (error instanceof TurnStopped) return undefined;
    throw error;
  }
}

class TurnRun {
  readonly #job: TurnJob;
  readonly #log: TurnLog;
  readonly #instructions: string;
  readonly #sessionUsd: string;
  #tools: readonly Tool[] | undefined;
  #missing: readonly string[] | undefined;

  constructor(job: TurnJob, log: TurnLog) {
    this.#job = job;
    this.#log = log;
    this.#instructions = fillInstructions(job.agent.definition, job.turn.input.variables);
    this.#sessionUsd = addUsd(job.earlier.map(({ entries }) => turnUsd(entries)));
  }

  async untilEnd(): Promise<Ending | 'open'> {
    try {
      for (;;) {
        this.#job.signal.throwIfAborted();
        const ending = await this.#advance();
        if (ending !== undefined) return ending;
      }
    } catch (error) {
      const reason = error instanceof TurnStopped ? error.reason : stopReason(this.#job.signal);
      if (reason === undefined) throw error;
      return endOfStop(reason, this.#limits) ?? 'open';
    }
  }

  /** What the user saw. Where the answer has a form, only that. */
  text(): string {
    const { lastStep } = this.#log;
    if (this.#output === undefined) return visibleText(this.#log.entries);
    if (lastStep?.finishReason === undefined || lastStep.toolCalls.length > 0) return '';
    const checked = checkOutput(lastStep.text, this.#output.schema);
    return 'text' in checked ? checked.text : lastStep.text;
  }

  get #limits() {
    return this.#job.agent.definition.limits;
  }

  get #output() {
    return this.#job.agent.definition.output;
  }

  /** Whatever comes next by the record; undefined: the turn goes on. */
  async #advance(): Promise<Ending | undefined> {
    const { lastStep, sinceLastStep } = this.#log;
    if (lastStep === undefined) return this.#callModel();
    if (lastStep.finishReason === undefined) {
      if (sinceLastStep.some(({ type }) => type === 'compacted')) return this.#callModel();
      return this.#afterFailure(lastStep);
    }
    if (lastStep.toolCalls.some(({ id }) => this.#log.findTool(lastStep.step, id) === undefined)) {
      return this.#callTools(lastStep);
    }
    if (lastStep.toolCalls.length > 0 || sinceLastStep.some(({ type }) => type === 'notice')) return this.#callModel();
    return this.#afterAnswer(lastStep);
  }

  async #callTools(step: StepEntry): Promise<Ending | undefined> {
    const broken = findBrokenToolLimit(this.#log.entries, step, this.#limits);
    if (broken !== undefined) return broken;
    const { job, log } = { job: this.#job, log: this.#log };
    await runTools({ job, log, step, tools: await this.#openTools() });
    if (!isCircling(log.entries)) return undefined;
    return {
      state: 'limited',
      reason: 'loop_detected',
      message: 'The turn was ended: it kept making the same tool call.',
    };
  }

  async #callModel(): Promise<Ending | undefined> {
    const { agent, signal } = this.#job;
    const { history } = agent.definition.session;
    const broken = findBrokenLimit(this.#log.entries, this.#limits, this.#sessionUsd);
    if (broken !== undefined) return broken;
    const conversation = this.#conversation();
    const fromTurn = chooseFromTurn(conversation, history);
    const compacted = findCompaction(conversation)?.before ?? 1;
    if (history.compact === 'summarize' && fromTurn > compacted) {
      // Down to what stays in any case: the next summary is far away then.
      await this.#compact(Math.max(fromTurn, this.#job.turn.number - history.keepTurns + 1));
      return undefined;
    }
    const tools = await this.#openTools();
    const request = {
      messages: buildMessages(conversation, fromTurn),
      tools: tools.map(({ spec }) => spec),
      user: this.#job.turn.input.user ?? undefined,
      isContinued: true,
      ...(this.#output === undefined ? {} : { output: { name: agent.definition.name, schema: this.#output.schema } }),
    };
    const step = (this.#log.lastStep?.step ?? -1) + 1;
    const saw = {
      system: hashText(this.#instructions),
      fromTurn,
      tools: tools.map(({ spec }) => spec.name),
      missing: this.#missing,
    };
    try {
      const { reply, attempts } = await this.#listen(
        agent.ask(request, { signal, firstTokenTimeoutMs: this.#limits.firstTokenTimeout }),
      );
      const { text, toolCalls, state } = reply;
      await this.#log.append({
        type: 'step',
        step,
        text,
        toolCalls,
        state,
        saw: { ...saw, ...this.#settingsOf(attempts) },
        ...(await this.#describeCall(reply, attempts)),
      });
    } catch (error) {
      if (!(error instanceof AskFailure)) throw error;
      const reason = stopReason(signal);
      if (reason === 'lost' || reason === 'shutdown') throw new TurnStopped(reason);
      // What was visible and which models failed is part of the record, however the turn goes on.
      const { partialText, attempts } = error;
      await this.#log.append({
        type: 'step',
        step,
        text: partialText,
        toolCalls: [],
        saw: { ...saw, ...this.#settingsOf(attempts) },
        attempts,
      });
    }
    return undefined;
  }

  /** Of the model that was asked last. */
  #settingsOf(attempts: readonly Attempt[]): Pick<StepEntry['saw'], 'temperature' | 'maxOutputTokens'> {
    const { provider = '', model = '' } = attempts.at(-1) ?? {};
    const declared = this.#job.agent.definition.model.find((one) => one.model === `${provider}/${model}`);
    return { temperature: declared?.temperature, maxOutputTokens: declared?.maxOutputTokens };
  }

  /** Passes on what is visible; where the answer has a form, nothing is before it is checked. */
  async #listen(
    events: ReturnType<RunnableAgent['ask']>,
  ): Promise<{ reply: ModelReply; attempts: readonly Attempt[] }> {
    const { emit } = this.#job;
    const isHeldBack = this.#output !== undefined;
    let isFirst = visibleText(this.#log.entries) !== '';
    for await (const event of events) {
      if (event.type === 'text' && !isHeldBack) {
        if (isFirst) emit({ type: 'text', text: textSeparator });
        isFirst = false;
        emit(event);
      } else if (event.type === 'attempt' && event.attempt.failure !== undefined) {
        const { provider, model, failure } = event.attempt;
        emit({ type: 'model_retry', provider, model, failure: failure.kind });
      } else if (event.type === 'end') return event;
    }
    throw new Error('the models ended without an end');
  }

  async #describeCall(reply: ModelReply, attempts: readonly Attempt[]): Promise<ModelCall> {
    const { finishReason, responseId, responseModel, serviceTier, usage } = reply;
    const call = { attempts, finishReason, responseId, responseModel, serviceTier, usage };
    if (reply.costUsd !== undefined) return { ...call, costUsd: reply.costUsd, costSource: 'reported' };
    const answered = attempts.at(-1);
    if (usage === undefined || answered === undefined) return call;
    const { provider, model } = answered;
    const costUsd = await this.#job.priceCall({
      provider,
      model: responseModel ?? model,
      usage,
      atMs: answered.startMs,
    });
    return costUsd === undefined ? call : { ...call, costUsd, costSource: 'priced' };
  }

  /** No model answered, or the answer broke off. */
  async #afterFailure(step: StepEntry): Promise<Ending | undefined> {
    const failed = step.attempts.at(-1)?.failure;
    const reason = stopReason(this.#job.signal);
    if (reason !== undefined) throw new TurnStopped(reason);
    const isTooLong = step.attempts.some(({ failure }) => failure?.kind === 'context_too_long');
    if (isTooLong && step.text === '' && hasEarlier(this.#conversation())) {
      await this.#compact(this.#job.turn.number);
      return undefined;
    }
    if (failed === undefined) return { state: 'failed', reason: 'internal_error', message: 'The model call failed.' };
    const message = `${failed.message} (${failed.kind})`;
    if (step.text !== '')
      return { state: 'interrupted', reason: 'stream_cut', message: `The answer broke off: ${message}` };
    const { kind, status, retryAfterMs } = failed;
    const why =
      kind === 'context_too_long' ? 'context_too_long' : kind === 'content_filter' ? 'content_filter' : 'model_failed';
    return { state: 'failed', reason: why, message, failure: { kind, status, retryAfterMs } };
  }

  async #afterAnswer(step: StepEntry): Promise<Ending | undefined> {
    if (step.finishReason === 'length')
      return {
        state: 'limited',
        reason: 'output_length',
        message: 'The answer reached the length that the model may write.',
      };
    if (step.finishReason === 'content_filter')
      return {
        state: step.text === '' ? 'failed' : 'interrupted',
        reason: 'content_filter',
        message: 'The provider filtered the answer.',
      };
    if (this.#output === undefined) return { state: 'completed' };
    const checked = checkOutput(step.text, this.#output.schema);
    if ('text' in checked) {
      this.#job.emit({ type: 'text', text: checked.text });
      return { state: 'completed' };
    }
    const repairs = this.#log.entries.filter(({ type }) => type === 'notice').length;
    if (repairs >= this.#output.repairs) {
      return {
        state: 'failed',
        reason: 'output_invalid',
        message: `The answer does not have the declared form after ${repairs} repairs: ${checked.fault}`,
      };
    }
    await this.#log.append({ type: 'notice', text: describeRepair(checked.fault), atMs: this.#job.nowMs() });
    return undefined;
  }

  async #compact(before: number): Promise<void> {
    const { agent, signal } = this.#job;
    await this.#log.append(
      await compact({
        conversation: this.#conversation(),
        before,
        summarizes: agent.definition.session.history.compact === 'summarize',
        ask: (request) =>
          this.#collect(agent.ask(request, { signal, firstTokenTimeoutMs: this.#limits.firstTokenTimeout })),
        nowMs: this.#job.nowMs,
      }),
    );
  }

  /** A call of which the user sees nothing. */
  async #collect(events: ReturnType<RunnableAgent['ask']>): Promise<{ text: string; call: ModelCall }> {
    for await (const event of events) {
      if (event.type === 'end')
        return { text: event.reply.text, call: await this.#describeCall(event.reply, event.attempts) };
    }
    throw new Error('the models ended without an end');
  }

  #conversation(): Conversation {
    const { session, earlier, turn } = this.#job;
    const { number, input } = turn;
    return {
      instructions: this.#instructions,
      session,
      earlier,
      turn: { number, input, entries: this.#log.entries },
    };
  }

  async #openTools(): Promise<readonly Tool[]> {
    if (this.#tools === undefined) {
      const { tools, unavailable } = await this.#job.agent.toolBox.open(this.#job.signal);
      for (const server of unavailable) this.#job.onUnavailable(server);
      this.#tools = tools;
      this.#missing = unavailable.length === 0 ? undefined : unavailable.map(({ name }) => name);
    }
    return this.#tools;
  }
}
