/** A name that differs from a known one in more places than a third of its letters is no typing error of it. */
const differencesPerLetter = 1 / 3;

/** The known name that a mistyped one is most like; undefined where none is near. Case does not matter. */
export function closestName(mistyped: string, known: readonly string[]): string | undefined {
  const distances = known.map((name) => ({ name, distance: countEdits(mistyped.toLowerCase(), name.toLowerCase()) }));
  const [nearest] = distances.sort((a, b) => a.distance - b.distance);
  if (nearest === undefined) return undefined;
  const allowed = Math.max(1, Math.floor(Math.max(mistyped.length, nearest.name.length) * differencesPerLetter));
  return nearest.distance <= allowed ? nearest.name : undefined;
}

/** Letters to put in, leave out, replace or swap with the next one to turn one word into the other. */
function countEdits(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const isSame = from[i - 1] === to[j - 1];
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (isSame ? 0 : 1),
        isSwap ? (beforeLast[j - 2] ?? 0) + 1 : Infinity,
      );
    }
    [beforeLast, last] = [last, row];
  }
  return last[to.length] ?? 0;
}
