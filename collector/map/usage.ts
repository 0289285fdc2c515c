/** Token counts as a convention gives them; a count that was not sent is undefined. */
export interface RawUsage {
  input?: bigint | undefined;
  output?: bigint | undefined;
  cacheRead?: bigint | undefined;
  cacheWrite?: bigint | undefined;
  cacheWrite5m?: bigint | undefined;
  cacheWrite1h?: bigint | undefined;
  reasoning?: bigint | undefined;
  inputAudio?: bigint | undefined;
  outputAudio?: bigint | undefined;
  /** Sum that the source gives; only used to tell how it counts cached tokens. */
  total?: bigint | undefined;
  /** The emitter is known to leave cached tokens out of `input`. */
  isExclusive?: true | undefined;
}

/** Totals: `input` includes cache reads and writes, `output` includes reasoning. */
export type Usage = { [Count in keyof Required<Omit<RawUsage, 'total' | 'isExclusive'>>]: bigint };

/**
 * Inclusive totals of what was sent, or undefined when there were no token counts. A source whose cached tokens exceed its
 * input cannot have included them, and one whose total is larger by just these did not: they are added, as they are for
 * emitters that are known to count so. The same of reasoning and output.
 */
export function normaliseUsage(raw: RawUsage): Usage | undefined {
  const cacheWrite = raw.cacheWrite ?? sum(raw.cacheWrite5m, raw.cacheWrite1h);
  if ([raw.input, raw.output, raw.cacheRead, cacheWrite, raw.reasoning].every((count) => count === undefined))
    return undefined;
  const input = raw.input ?? 0n;
  const output = raw.output ?? 0n;
  const cached = (raw.cacheRead ?? 0n) + (cacheWrite ?? 0n);
  const reasoning = raw.reasoning ?? 0n;
  const totalsWithCached = [input + output + cached, input + output + cached + reasoning];
  const isExclusive =
    raw.isExclusive === true ||
    cached > input ||
    (cached > 0n && raw.total !== undefined && totalsWithCached.includes(raw.total));
  const inclusive = isExclusive ? input + cached : input;
  const leavesReasoningOut = reasoning > output || (reasoning > 0n && raw.total === inclusive + output + reasoning);
  return {
    input: inclusive,
    output: leavesReasoningOut ? output + reasoning : output,
    cacheRead: raw.cacheRead ?? 0n,
    cacheWrite: cacheWrite ?? 0n,
    cacheWrite5m: raw.cacheWrite5m ?? 0n,
    cacheWrite1h: raw.cacheWrite1h ?? 0n,
    reasoning,
    inputAudio: raw.inputAudio ?? 0n,
    outputAudio: raw.outputAudio ?? 0n,
  };
}

/**
 * One usage from several that report the same call, the most trusted first: each count is the first that was sent. Every
 * source is made inclusive by itself before its counts may fill gaps of another.
 */
export function fillUsage(sources: readonly RawUsage[]): RawUsage {
  const filled: RawUsage = {};
  for (const source of sources) {
    const counts = toInclusive(source.isExclusive === true ? withCachedOf(source, sources) : source);
    const telling = source.isExclusive === true ? undefined : sources.find((other) => tells(other, source));
    if (telling !== undefined) counts.input = toInclusive(telling).input;
    const thinking = sources.find((other) => tellsOfThoughts(other, source));
    if (thinking !== undefined) counts.output = toInclusive(thinking).output;
    // A total tells how its own source counts, not another's.
    if (filled.input !== undefined) delete counts.total;
    for (const name of Object.keys(counts) as (keyof typeof counts)[]) filled[name] ??= counts[name];
  }
  return filled;
}

/** Two that give one input count counted alike: the one that has the cached tokens, or is known, tells what it includes. */
function tells(other: RawUsage, source: RawUsage): boolean {
  const hasCached = ({ cacheRead, cacheWrite }: RawUsage) => (cacheRead ?? cacheWrite) !== undefined;
  const isTelling = other.isExclusive === true || (hasCached(other) && !hasCached(source));
  return source.input !== undefined && other.input === source.input && isTelling;
}

/** As `tells`, of the other side: two that give one output count, and one knows how much of it was reasoning. */
function tellsOfThoughts(other: RawUsage, source: RawUsage): boolean {
  return (
    source.output !== undefined &&
    other.output === source.output &&
    (source.reasoning ?? other.reasoning) !== source.reasoning
  );
}

/** An emitter that leaves cached tokens out may give them under the names of another convention. */
function withCachedOf(source: RawUsage, sources: readonly RawUsage[]): RawUsage {
  const own = sources.filter(({ isExclusive }) => isExclusive === true);
  const first = (name: 'cacheRead' | 'cacheWrite' | 'cacheWrite5m' | 'cacheWrite1h') =>
    source[name] ?? own.find((other) => other[name] !== undefined)?.[name];
  return {
    ...source,
    ...{ cacheRead: first('cacheRead'), cacheWrite: first('cacheWrite') },
    ...{ cacheWrite5m: first('cacheWrite5m'), cacheWrite1h: first('cacheWrite1h') },
  };
}

/** The counts with what the source leaves out of them; those that were not sent stay away. */
export function toInclusive({ isExclusive, ...counts }: RawUsage): Omit<RawUsage, 'isExclusive'> {
  const usage = normaliseUsage({ isExclusive, ...counts });
  if (usage === undefined) return counts;
  return {
    ...counts,
    input: counts.input === undefined ? undefined : usage.input,
    output: counts.output === undefined ? undefined : usage.output,
  };
}

function sum(first: bigint | undefined, second: bigint | undefined): bigint | undefined {
  return first === undefined && second === undefined ? undefined : (first ?? 0n) + (second ?? 0n);
}
