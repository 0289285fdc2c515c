import { createContext } from 'svelte';
import type { SpanSkeleton, Turn } from '../api/types.ts';
import type { Router } from '../state/router.svelte.ts';
import type { SpanDetails } from '../trace/span-details.ts';
import { type CallDetail, loadCall } from './call-content.ts';
import { type ModelCall, type ModelCalls, listModelCalls } from './model-calls.ts';
import { Player } from './player.svelte.ts';
import { type Position, type Stop, isSamePosition, readPosition, writePosition } from './position.ts';
import type { SessionLoader } from './session-loader.svelte.ts';
import { type StepRow, keyOfStep, listShownRows, listStepRows } from './turn-rows.ts';

/** Browsers refuse more than some 20 history writes a second; a held key or a replay makes more. */
const writeDelayMs = 200;

/** What the replay shows of a session, and where in it the reader is. */
export class ReplayView {
  readonly loader: SessionLoader;
  /** By `keyOfStep`. */
  readonly details: SpanDetails;
  readonly player: Player;
  readonly #router: Router;

  /** Spans of the framework's own are shown too. */
  showsAll = $state(false);
  #folded: ReadonlySet<string> = $state.raw(new Set());
  #pending: Position | null = $state.raw(null);
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Grows when the place is to be brought into view. */
  revealed = $state(0);
  /** Entries of the context that are asked for by place, and how often. */
  wantedEntry: { place: number; count: number } = $state.raw({ place: -1, count: 0 });
  /** Words of an answer that the reader selected. */
  selection: { text: string; step: SpanSkeleton } | null = $state.raw(null);
  /** Words whose origin is looked for, in the call that wrote them. */
  asked: { text: string; step: SpanSkeleton } | null = $state.raw(null);

  readonly originNs: bigint = $derived.by(() => BigInt(this.loader.session?.startTimeUnixNano ?? 0));
  readonly rows: readonly (readonly StepRow[])[] = $derived.by(() =>
    this.loader.turns.map((turn) => this.#rowsOf(turn, this.showsAll)),
  );
  readonly calls: ModelCalls = $derived.by(() => listModelCalls(this.loader.turns));
  readonly stops: readonly Stop[] = $derived.by(() =>
    this.loader.turns.flatMap((turn, place) => this.#stopsOf(turn, place)),
  );
  readonly position: Position = $derived.by(
    () => this.#pending ?? readPosition(this.#router.params.get('step')) ?? { turn: 0, spanId: null },
  );
  /** Index of the stop at the position; the turn's first one where the step is not to be seen. */
  readonly stopIndex: number = $derived.by(() => {
    const exact = this.stops.findIndex((stop) => isSamePosition(stop, this.position));
    return exact >= 0 ? exact : this.stops.findIndex(({ turn }) => turn === this.position.turn);
  });
  /** The step at the position; null at the beginning of a turn. */
  readonly step: SpanSkeleton | null = $derived.by(() => {
    const { turn, spanId } = this.position;
    if (spanId === null) return null;
    return this.loader.turns[turn]?.steps.find((step) => step.spanId === spanId) ?? null;
  });
  /** The model call whose context is shown: that of the step, or the turn's first. */
  readonly call: ModelCall | null = $derived.by(() => {
    if (this.step !== null) return this.calls.byStep.get(keyOfStep(this.step)) ?? null;
    const steps = this.loader.turns[this.position.turn]?.steps ?? [];
    const first = steps.find((step) => this.calls.byStep.has(keyOfStep(step)));
    return first === undefined ? null : (this.calls.byStep.get(keyOfStep(first)) ?? null);
  });

  readonly #rowCache = new WeakMap<Turn, { all: boolean; rows: readonly StepRow[] }>();

  constructor(parts: { loader: SessionLoader; details: SpanDetails; router: Router }) {
    this.loader = parts.loader;
    this.details = parts.details;
    this.#router = parts.router;
    this.player = new Player(this);
  }

  /** A step with its payloads; a model call with its messages, whichever span of it has them. */
  load(key: string): Promise<CallDetail> {
    const call = this.calls.byStep.get(key);
    const load = (one: string) => this.details.load(one);
    return call === undefined || call.doubles.length === 0 ? load(key) : loadCall(call, load);
  }

  /** The rows of a turn that no fold hides. */
  shownRows(turn: number): StepRow[] {
    return listShownRows(this.rows[turn] ?? [], this.#folded);
  }

  isFolded(step: SpanSkeleton): boolean {
    return this.#folded.has(keyOfStep(step));
  }

  fold(step: SpanSkeleton): void {
    const next = new Set(this.#folded);
    if (!next.delete(keyOfStep(step))) next.add(keyOfStep(step));
    this.#folded = next;
  }

  /** Goes to a place; a replay that is under way goes on from there. */
  select({ turn, spanId }: Position): void {
    this.move({ turn, spanId });
    this.player.jump();
  }

  /** Moves the position alone: the player does this while it plays. */
  move(position: Position): void {
    this.#pending = position;
    this.revealed += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), writeDelayMs);
  }

  /** The next or previous stop. */
  stepBy(by: 1 | -1): void {
    const stop = this.stops[Math.min(this.stops.length - 1, Math.max(0, this.stopIndex + by))];
    if (stop !== undefined) this.select(stop);
    if (this.stopIndex >= this.stops.length - 1) void this.loader.loadMore();
  }

  /** The beginning of the next or previous turn. */
  async turnBy(by: 1 | -1): Promise<void> {
    const wanted = Math.max(0, this.position.turn + by);
    await this.loader.loadTo(wanted);
    this.select({ turn: Math.min(wanted, this.loader.turns.length - 1), spanId: null });
  }

  toStart(): void {
    this.select({ turn: 0, spanId: null });
  }

  /** The end of the whole session, with everything shown. */
  async toEnd(): Promise<void> {
    await this.loader.loadTo(Infinity);
    this.player.showAll();
    const last = this.stops.at(-1);
    if (last !== undefined) this.select(last);
  }

  toMs(unixNano: string): number {
    return Number(BigInt(unixNano) - this.originNs) / 1e6;
  }

  /** Brings an entry of the shown call's context into view. */
  wantEntry(place: number): void {
    this.wantedEntry = { place, count: this.wantedEntry.count + 1 };
  }

  /** Writes the position into the address now. */
  flush(): void {
    clearTimeout(this.#timer);
    if (this.#pending === null) return;
    this.#router.setParams({ step: writePosition(this.#pending) }, { replace: true });
    this.#pending = null;
  }

  /** The page is left. */
  stop(): void {
    clearTimeout(this.#timer);
    this.player.pause();
    this.loader.stop();
  }

  #rowsOf(turn: Turn, all: boolean): readonly StepRow[] {
    const known = this.#rowCache.get(turn);
    if (known?.all === all) return known.rows;
    const rows = listStepRows(turn, { all });
    this.#rowCache.set(turn, { all, rows });
    return rows;
  }

  #stopsOf(turn: Turn, place: number): Stop[] {
    const startMs = this.toMs(turn.startTimeUnixNano);
    const steps = listShownRows(this.rows[place] ?? [], this.#folded).map(({ step }) => ({
      turn: place,
      spanId: step.spanId,
      startMs: this.toMs(step.startTimeUnixNano),
      endMs: this.toMs(step.endTimeUnixNano),
      step,
    }));
    return [{ turn: place, spanId: null, startMs, endMs: startMs, step: null }, ...steps];
  }
}

export const [getReplayView, setReplayView] = createContext<ReplayView>();
