import type { Position, Stop } from './position.ts';
import { type Timeline, layTimeline, toPlayMs, toRealMs } from './timeline.ts';

/** What is played. */
export interface Stage {
  readonly stops: readonly Stop[];
  readonly stopIndex: number;
  readonly position: Position;
  readonly loader: { readonly hasMore: boolean; readonly moreFailure: unknown; loadMore(): Promise<void> };
  move(position: Position): void;
}

export const speeds = [1, 4, 16] as const;
export type Speed = (typeof speeds)[number];

/**
 * The playhead: plays a session as it happened, long waits made short. While it plays, or stands somewhere within, what came
 * later is not shown; whoever only reads sees everything.
 */
export class Player {
  playing = $state(false);
  speed: Speed = $state(1);
  /** Moment of the replay; null while everything is shown. */
  #atMs: number | null = $state(null);
  #frame = 0;
  readonly #stage: Stage;

  readonly timeline: Timeline = $derived.by(() =>
    layTimeline(
      this.#stage.stops.map(({ startMs, endMs, step }) => ({
        startMs,
        endMs,
        isWork: step !== null && step.kind !== 'agent' && step.kind !== 'chain',
      })),
    ),
  );
  /** What happened later than this, in milliseconds after the session began, is not shown; null: all is. */
  readonly shownToMs: number | null = $derived.by(() =>
    this.#atMs === null ? null : toRealMs(this.timeline, this.#atMs),
  );
  /** Where the playhead stands, in milliseconds of play. */
  readonly headMs: number = $derived.by(() => {
    if (this.#atMs !== null) return this.#atMs;
    const stop = this.#stage.stops[this.#stage.stopIndex];
    return stop === undefined ? 0 : toPlayMs(this.timeline, stop.startMs);
  });

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  play(): void {
    const { durationMs } = this.timeline;
    if (this.#stage.stops.length === 0) return;
    this.#atMs = this.headMs >= durationMs ? 0 : this.headMs;
    this.playing = true;
    let before: number | null = null;
    const tick = (nowMs: number) => {
      if (!this.playing) return;
      this.#advance(before === null ? 0 : nowMs - before);
      before = nowMs;
      this.#frame = requestAnimationFrame(tick);
    };
    this.#frame = requestAnimationFrame(tick);
  }

  pause(): void {
    this.playing = false;
    cancelAnimationFrame(this.#frame);
  }

  /** Shows everything again, whenever it happened. */
  showAll(): void {
    this.pause();
    this.#atMs = null;
  }

  nextSpeed(): void {
    this.speed = speeds[(speeds.indexOf(this.speed) + 1) % speeds.length] ?? 1;
  }

  /** The reader went elsewhere: a replay goes on from there, with what is there shown whole. */
  jump(): void {
    if (this.#atMs === null) return;
    const stop = this.#stage.stops[this.#stage.stopIndex];
    if (stop !== undefined) this.#atMs = toPlayMs(this.timeline, this.playing ? stop.startMs : stop.endMs);
  }

  /** Puts the playhead at a moment of play, as dragging does; at the very end everything is shown. */
  scrub(playMs: number): void {
    const { durationMs } = this.timeline;
    this.#atMs = Math.min(durationMs, Math.max(0, playMs));
    this.#follow();
    if (!this.playing && this.#atMs >= durationMs) this.#atMs = null;
  }

  #advance(passedMs: number): void {
    const { durationMs } = this.timeline;
    this.#atMs = Math.min(durationMs, (this.#atMs ?? 0) + passedMs * this.speed);
    this.#follow();
    if (this.#atMs < durationMs) return;
    // The replay waits for the next page; the last page ends it.
    if (this.#stage.loader.hasMore && this.#stage.loader.moreFailure === null) void this.#stage.loader.loadMore();
    else this.showAll();
  }

  /** The position is the step that began last. */
  #follow(): void {
    const now = this.shownToMs ?? 0;
    let latest: Stop | undefined;
    for (const stop of this.#stage.stops) {
      if (stop.startMs <= now + 1e-6 && (latest === undefined || stop.startMs >= latest.startMs)) latest = stop;
    }
    const { position } = this.#stage;
    if (latest !== undefined && (latest.turn !== position.turn || latest.spanId !== position.spanId)) {
      this.#stage.move({ turn: latest.turn, spanId: latest.spanId });
    }
  }
}
