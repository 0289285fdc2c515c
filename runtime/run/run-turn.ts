import { type BudgetRefusal, BudgetStopped } from '../budgets/call-budget.ts';
import type { ModelReply } from '../models/model.ts';
import type { ExhaustedBudget, Pause } from '../sessions/pause.ts';
import type { Attempt, Entry, ModelCall, StepEntry, Turn, TurnEnd } from '../sessions/record.ts';
import type { Tool } from '../tools/tool.ts';
import { AskFailure, type RunnableAgent } from './agent.ts';
import { toPrice } from '../models/own-price.ts';
import { type CallRate, callRate, RateStopped } from './call-rate.ts';
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
import { priceUsage } from './price-usage.ts';
import { runTools } from './run-tools.ts';
import { hashText } from './hash-text.ts';
import { endOfStop, stopReason, TurnStopped } from './stop.ts';
import type { TurnJob } from './turn-job.ts';
import { TurnLog } from './turn-log.ts';
import { TurnPaused } from './turn-paused.ts';

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
  readonly #rate: CallRate | undefined;
  #tools: readonly Tool[] | undefined;
  #missing: readonly string[] | undefined;

  constructor(job: TurnJob, log: TurnLog) {
    this.#job = job;
    this.#log = log;
    this.#instructions = fillInstructions(job.agent.definition, job.turn.input.variables);
    this.#sessionUsd = addUsd(job.earlier.map(({ entries }) => turnUsd(entries)));
    const { store, deadlineMs, nowMs } = job;
    this.#rate = callRate({
      ...{ store, deadlineMs, nowMs, agent: job.session.agent, limits: job.agent.definition.limits },
      persist: (write) => log.persist(write),
    });
  }

  async untilEnd(): Promise<Ending | 'open'> {
    try {
      // What the process before wrote down and did not come to settle.
      if (this.#job.turn.claims > 1) await this.#job.budget?.settle(this.#log.entries, 0);
      for (;;) {
        this.#job.signal.throwIfAborted();
        const ending = await this.#advance().catch((error: unknown) => this.#stopByRefusal(error));
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
      if (sinceLastStep.some(({ type }) => type === 'compacted' || type === 'paused')) return this.#callModel();
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
      const budget = await this.#job.budget?.forCall(`chat ${step}`);
      const { reply, attempts } = await this.#listen(
        agent.ask(request, { signal, budget, rate: this.#rate, firstTokenTimeoutMs: this.#limits.firstTokenTimeout }),
      );
      const { text, toolCalls, state } = reply;
      await this.#append({
        type: 'step',
        step,
        text,
        toolCalls,
        state,
        saw: { ...saw, ...this.#settingsOf(attempts) },
        ...(await this.#describeCall(reply, attempts)),
      });
    } catch (error) {
      const isRefused = error instanceof BudgetStopped || error instanceof RateStopped;
      if (!(error instanceof AskFailure || isRefused)) throw error;
      const reason = stopReason(signal);
      if (reason === 'lost' || reason === 'shutdown') throw new TurnStopped(reason);
      // What was visible and which models failed is part of the record, however the turn goes on.
      const { attempts } = error;
      const text = error instanceof AskFailure ? error.partialText : '';
      if (error instanceof AskFailure || attempts.length > 0) {
        await this.#append({
          type: 'step',
          step,
          text,
          toolCalls: [],
          saw: { ...saw, ...this.#settingsOf(attempts) },
          attempts,
        });
      }
      if (isRefused) throw error;
    }
    return undefined;
  }

  /** Writes down what a model call came to, and then what it cost: who finds the record settles it again. */
  async #append(entry: Entry): Promise<void> {
    await this.#log.append(entry);
    await this.#job.budget?.settle([entry], this.#log.entries.length - 1);
  }

  /** How the turn ends, or that it waits, when a budget or a rate refuses a model call of it or of a sub-agent. Throws any other error. */
  async #stopByRefusal(error: unknown): Promise<Ending | 'open'> {
    if (error instanceof RateStopped) return error.ending;
    if (error instanceof TurnPaused) return this.#pause(error.pause.budget, error.pause.sessionId);
    if (!(error instanceof BudgetStopped)) throw error;
    const { reason, message, budget }: BudgetRefusal = error.refusal;
    if (budget?.action === 'pause') return this.#pause(budget);
    return { state: reason === 'budget_exhausted' ? 'limited' : 'failed', reason, message, budget };
  }

  async #pause(budget: ExhaustedBudget, waitsFor?: string): Promise<'open'> {
    const { store, claim, turn, nowMs } = this.#job;
    const last = this.#log.entries.at(-1);
    // One that was let go on too early waits as before.
    const waited = last?.type === 'paused' && last.budget.accountId === budget.accountId ? last : undefined;
    const sinceMs = waited?.atMs ?? nowMs();
    if (waited === undefined) await this.#log.append({ type: 'paused', budget, atMs: sinceMs });
    const pause: Pause = { turnId: turn.id, sessionId: turn.sessionId, budget, sinceMs, waitsFor };
    const held = await this.#log.persist(() => store.pause(claim, pause));
    if (held === 'held') this.#job.onPaused(pause);
    else if (held !== 'lost' && waitsFor !== undefined) await this.#log.persist(() => store.cancel(waitsFor));
    if (held !== 'held') throw new TurnStopped(held);
    return 'open';
  }

  /** Of the model that was asked last. */
  #settingsOf(attempts: readonly Attempt[]): Pick<StepEntry['saw'], 'temperature' | 'maxOutputTokens'> {
    const { provider = '', model = '' } = attempts.at(-1) ?? {};
    const declared = this.#declaredOf({ provider, model });
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
    if (costUsd !== undefined) return { ...call, costUsd, costSource: 'priced' };
    const rates = this.#declaredOf(answered)?.price;
    const declaredUsd = rates && priceUsage(toPrice(rates), usage);
    return declaredUsd === undefined ? call : { ...call, costUsd: declaredUsd, costSource: 'declared' };
  }

  #declaredOf({ provider, model }: Pick<Attempt, 'provider' | 'model'>) {
    return this.#job.agent.definition.model.find((one) => one.model === `${provider}/${model}`);
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
    const place = this.#log.entries.length;
    await this.#append(
      await compact({
        conversation: this.#conversation(),
        before,
        summarizes: agent.definition.session.history.compact === 'summarize',
        ask: async (request) => {
          const budget = await this.#job.budget?.forCall(`summary ${place}`);
          const { firstTokenTimeout } = this.#limits;
          const limits = { signal, budget, rate: this.#rate, firstTokenTimeoutMs: firstTokenTimeout };
          return this.#collect(agent.ask(request, limits));
        },
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
