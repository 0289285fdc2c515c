/** A step as the playhead sees it, in milliseconds after the session began. */
export interface Happening {
  startMs: number;
  endMs: number;
  /** Somebody works: a model, a tool. While only an agent's span is open, everybody may be waiting for the user. */
  isWork: boolean;
}

/** Real time, with long waits made short. Both lists grow and are of one length. */
export interface Timeline {
  realMs: readonly number[];
  playMs: readonly number[];
  durationMs: number;
}

/** Nobody watches a user think: so much of it is played. */
export const idleMaxMs = 1_000;
/** Nor a model for minutes. */
export const workMaxMs = 10_000;

/** Lays what happened on a clock that runs as it ran, except for waits beyond 1 s and single stretches of work beyond 10 s. */
export function layTimeline(happenings: readonly Happening[]): Timeline {
  const moments = [...new Set([0, ...happenings.flatMap(({ startMs, endMs }) => [startMs, Math.max(startMs, endMs)])])];
  moments.sort((a, b) => a - b);
  const changes = new Map<number, number>();
  for (const { startMs, endMs, isWork } of happenings) {
    if (!isWork || endMs <= startMs) continue;
    changes.set(startMs, (changes.get(startMs) ?? 0) + 1);
    changes.set(endMs, (changes.get(endMs) ?? 0) - 1);
  }
  const playMs: number[] = [];
  let [at, working] = [0, 0];
  moments.forEach((moment, place) => {
    const before = moments[place - 1];
    if (before !== undefined) at += Math.min(moment - before, working > 0 ? workMaxMs : idleMaxMs);
    working += changes.get(moment) ?? 0;
    playMs.push(at);
  });
  return { realMs: moments, playMs, durationMs: at };
}

/** The moment of play at which something real happens. */
export function toPlayMs({ realMs, playMs }: Timeline, real: number): number {
  return translate(realMs, playMs, real);
}

/** The real moment that is played. */
export function toRealMs({ realMs, playMs }: Timeline, play: number): number {
  return translate(playMs, realMs, play);
}

function translate(from: readonly number[], to: readonly number[], value: number): number {
  let [low, high] = [0, from.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((from[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  const [a, b] = [from[low] ?? 0, from[low + 1]];
  const [start, end] = [to[low] ?? 0, to[low + 1]];
  if (b === undefined || end === undefined || b <= a) return start;
  return start + ((value - a) / (b - a)) * (end - start);
}
