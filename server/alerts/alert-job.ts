import { setTimeout as sleep } from 'node:timers/promises';
import type { AlertLog } from './alert-log.ts';
import type { ServerMetrics } from './metrics.ts';
import { AlertTicker, type TickerOptions, type TickOutcome } from './ticker.ts';
import { dueAtMs, tickAt } from './tick-clock.ts';

export interface AlertJobOptions extends Omit<TickerOptions, 'log'> {
  log: AlertLog;
  metrics: ServerMetrics;
}

/** Who did not write the last tick looks so much later: it finds the work done, unless the other is gone. */
const standbyMs = 8_000;
/** Before anything was settled, and after a tick that failed or was lost. */
const retryMs = 2_000;
const stopTimeoutMs = 2_000;

/** Looks at rules and budgets every half minute, until it is closed. Of several servers one does it; which one does not matter. */
export class AlertJob {
  readonly #options: AlertJobOptions;
  readonly #ticker: AlertTicker;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #isWriter = true;

  constructor(options: AlertJobOptions) {
    this.#options = options;
    this.#ticker = new AlertTicker(options);
    this.#running = this.#run();
  }

  /** Lets the tick at hand end, or leaves it: one that is cut short is gone on with at the next start. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.race([this.#running, sleep(stopTimeoutMs, undefined, { ref: false })]);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const pauseMs = await this.#tickSafely();
      if (pauseMs > 0) await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #tickSafely(): Promise<number> {
    const { metrics, log } = this.#options;
    const end = metrics.tickSeconds.startTimer();
    try {
      const outcome = await this.#ticker.tick();
      this.#count(outcome);
      if (outcome.status === 'written') end();
      return this.#pauseAfter(outcome);
    } catch (error) {
      metrics.ticks.inc({ outcome: 'failed' });
      log.warn({ cause: (error as Error).message }, 'the alert rules could not be looked at');
      return retryMs;
    }
  }

  #pauseAfter(outcome: TickOutcome): number {
    const { now } = this.#options;
    if (outcome.status === 'waiting' || outcome.status === 'lost') return retryMs;
    this.#isWriter = outcome.status === 'written';
    const nextMs = dueAtMs(tickAt(now()) + 1) + (this.#isWriter ? 0 : standbyMs);
    return Math.max(0, nextMs - now());
  }

  #count(outcome: TickOutcome): void {
    const { metrics, log } = this.#options;
    if (outcome.status === 'done') metrics.evaluated.toMs = outcome.last.evaluatedToMs;
    if (outcome.status === 'lost') metrics.ticks.inc({ outcome: 'lost' });
    if (outcome.status !== 'written') return;
    metrics.evaluated.toMs = outcome.evaluatedToMs;
    metrics.ticks.inc({ outcome: 'written' });
    metrics.missedTicks.inc(outcome.missed);
    metrics.rules.set(outcome.ruleCount);
    metrics.failures.inc(outcome.failures);
    metrics.settlementLag.set(outcome.settlementLagMs / 1_000);
    for (const { source, to } of outcome.events) metrics.events.inc({ source, to });
    if (outcome.events.length > 0) log.info({ tick: outcome.tick, events: outcome.events.length }, 'alert events');
  }
}
