import type { AlertEvent } from '../contract/alerts.ts';
import { type AlertSnapshot, emptySnapshot, readTickBody, writeTickBody } from '../domain/alerts/snapshot.ts';
import type { Budgets } from '../budgets/budgets.ts';
import { listStoredEvents } from '../queries/alert-events.ts';
import { findLastBody, findLastTick, findTickAfter, type StoredTick } from '../queries/alert-ticks.ts';
import { alertInsertTimeoutMs, type AlertWriter, type TickStamp } from '../queries/alert-writer.ts';
import type { Db } from '../queries/db.ts';
import { readCursor } from '../queries/settlement-cursor.ts';
import type { AlertLog } from './alert-log.ts';
import { type Evaluated, evaluateAll } from './evaluate-all.ts';
import { ShownStates } from './shown-states.ts';
import { evaluatedTo, tickAt } from './tick-clock.ts';

export interface TickerOptions {
  db: Db;
  writer: AlertWriter;
  budgets: Pick<Budgets, 'list' | 'runtime'>;
  log: AlertLog;
  /** Who writes; another name at every start. */
  owner: string;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Milliseconds of a clock that never goes back. */
  monotonicMs: () => number;
  /** Up to when arrivals are booked; by default settlement's verified cursor. Undefined: nothing was ever settled. */
  readVerifiedTo?: ((db: Db) => Promise<number | undefined>) | undefined;
}

export type TickOutcome =
  /** Somebody has looked already. */
  | { status: 'done'; last: StoredTick }
  /** Nothing was ever settled: there is nothing to look at. */
  | { status: 'waiting' }
  | { status: 'lost' }
  | ({ status: 'written'; tick: number; missed: number; settlementLagMs: number; evaluatedToMs: number } & Pick<
      Evaluated,
      'events' | 'ruleCount' | 'failures'
    >);

/** What was read longer ago decides nothing: the tokens of many ticks are known, but not of all. */
const tickAgeMaxMs = 60_000;
/** After so long an insert that was not seen is not coming any more: ClickHouse ends inserts sooner. */
const deadTokenMs = alertInsertTimeoutMs + 5_000;

/**
 * One look at all rules and budgets. A tick is a compare-and-swap on the one before: what it decides, groups and events, is one
 * row under the token of that tick, of which ClickHouse stores one, and which is read back. Only then events are written, and
 * again before the next tick where that was cut short: none is lost, and an event that is written twice is the same.
 */
export class AlertTicker {
  readonly #options: TickerOptions;
  readonly #shown: ShownStates;
  /** Ticks whose successor ClickHouse says it knows although there is none, and since when: it died between the two. */
  readonly #unseen = new Map<number, number>();
  #attempts = 0;
  /** The last body whose events are known to be stored. */
  #appliedTick = -1;

  constructor(options: TickerOptions) {
    this.#options = options;
    this.#shown = new ShownStates(options.writer);
  }

  async tick(): Promise<TickOutcome> {
    const { db, now, monotonicMs } = this.#options;
    const startedMs = monotonicMs();
    const tick = tickAt(now());
    const last = await findLastTick(db);
    if (last !== undefined && last.tick >= tick) return { status: 'done', last };
    const before = await this.#readSnapshot();
    const verifiedToMs = await this.#readVerifiedTo();
    const beforeMs = last?.evaluatedToMs ?? 0;
    const atMs = evaluatedTo(tick, { verifiedToMs, nowMs: now(), beforeMs });
    if (atMs === undefined || verifiedToMs === undefined) return { status: 'waiting' };
    const evaluated = await evaluateAll({ ...this.#options, atMs, isNew: atMs > beforeMs, before: before.snapshot });
    if (monotonicMs() - startedMs > tickAgeMaxMs) return { status: 'lost' };
    const { snapshot, events } = evaluated;
    const body = writeTickBody(snapshot, events);
    const isSame = events.length === 0 && body === before.text;
    const stamp = await this.#swap({ tick, afterTick: last?.tick ?? 0, evaluatedToMs: atMs }, isSame ? '' : body);
    if (stamp === undefined) return { status: 'lost' };
    await this.#options.writer.writeEvents(tick, events);
    if (!isSame) this.#appliedTick = tick;
    // A moment that was looked at before has nothing new to show.
    if (atMs > beforeMs) await this.#shown.write(db, stamp, evaluated.shown);
    return {
      ...{ status: 'written', tick, evaluatedToMs: atMs, settlementLagMs: Math.max(0, now() - verifiedToMs) },
      missed: last === undefined ? 0 : tick - last.tick - 1,
      ...{ events, ruleCount: evaluated.ruleCount, failures: evaluated.failures },
    };
  }

  /** What the last ticks left; events of the last one that its server did not come to write are written. */
  async #readSnapshot(): Promise<{ snapshot: AlertSnapshot; text: string }> {
    const stored = await findLastBody(this.#options.db);
    if (stored === undefined) return { snapshot: emptySnapshot, text: writeTickBody(emptySnapshot, []) };
    const { snapshot, events } = readTickBody(stored.bodyText);
    if (stored.tick !== this.#appliedTick) {
      await this.#writeMissing(stored.tick, events);
      this.#appliedTick = stored.tick;
    }
    return { snapshot, text: writeTickBody(snapshot, []) };
  }

  async #writeMissing(tick: number, events: readonly AlertEvent[]): Promise<void> {
    const { db, writer, log } = this.#options;
    const stored = await listStoredEvents(
      db,
      events.map(({ eventId }) => eventId),
    );
    const missing = events.filter(({ eventId }) => !stored.has(eventId));
    if (missing.length === 0) return;
    log.warn({ tick, events: missing.length }, 'the events of a tick that was cut short are written');
    await writer.writeEvents(tick, missing);
  }

  async #readVerifiedTo(): Promise<number | undefined> {
    const { db, readVerifiedTo } = this.#options;
    if (readVerifiedTo !== undefined) return readVerifiedTo(db);
    return (await readCursor(db, 0))?.verifiedToMs;
  }

  /** Undefined: another server was first. */
  async #swap(stamp: Omit<TickStamp, 'owner'>, body: string): Promise<TickStamp | undefined> {
    const { db, writer, monotonicMs } = this.#options;
    const { afterTick } = stamp;
    // A name of this attempt alone: a row of an earlier one, whose answer was lost, is not taken for this one.
    this.#attempts += 1;
    const own: TickStamp = { ...stamp, owner: `${this.#options.owner}/${this.#attempts}` };
    const unseenMs = this.#unseen.get(afterTick);
    const isDead = unseenMs !== undefined && monotonicMs() - unseenMs >= deadTokenMs;
    await writer.writeTick(own, body, isDead ? 1 : 0);
    const found = await findTickAfter(db, afterTick);
    if (found === undefined) {
      if (unseenMs === undefined) this.#unseen.set(afterTick, monotonicMs());
      return undefined;
    }
    this.#unseen.clear();
    return found.owner === own.owner ? own : undefined;
  }
}
