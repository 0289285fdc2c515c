import { diffArrays } from 'diff';
import type { Message } from '../api/types.ts';
import { type ContextEntry, type ContextSource, keyOfMessage, textOfEntry } from './context-entries.ts';

/** What became of one entry since the call before. */
export type ContextLine =
  | { state: 'same'; entry: ContextEntry; markerMoved: boolean }
  | { state: 'added'; entry: ContextEntry; wasOutput: boolean }
  | { state: 'removed'; entry: ContextEntry }
  | { state: 'changed'; entry: ContextEntry; before: ContextEntry };

/** Differences beyond this are no edit but another conversation; comparing further would hold up the page. */
const editsMax = 1_000;
/** Replaced runs longer than this are shown as removed and added; comparing each with each would hold up the page. */
const pairedRunMax = 50;
const comparedCharsMax = 20_000;
/** Share of words in common from which two messages of one role are one message that was edited. */
const likenessLeast = 0.4;

const sources: readonly ContextSource[] = ['system', 'tool', 'message'];

/**
 * What changed from one call's input to the next one's, in the order of the later one; what was removed stands where it
 * was. `beforeOutput` is what the call before answered: history that grows by it says so.
 */
export function diffContexts(
  before: readonly ContextEntry[],
  after: readonly ContextEntry[],
  beforeOutput: readonly Message[] = [],
): ContextLine[] {
  const outputs = new Set(beforeOutput.map(keyOfAnswer));
  return sources.flatMap((source) => {
    const of = (list: readonly ContextEntry[]) => list.filter((entry) => entry.source === source);
    return diffEntries(of(before), of(after), outputs);
  });
}

/** How many entries of each kind a difference has. */
export function countStates(lines: readonly ContextLine[]): Record<ContextLine['state'], number> {
  const counts = { same: 0, added: 0, removed: 0, changed: 0 };
  for (const line of lines) counts[line.state] += 1;
  return counts;
}

function diffEntries(
  before: readonly ContextEntry[],
  after: readonly ContextEntry[],
  outputs: ReadonlySet<string>,
): ContextLine[] {
  const changes = diffArrays(
    before.map(({ key }) => key),
    after.map(({ key }) => key),
    { maxEditLength: editsMax },
  ) as { added: boolean; removed: boolean; count: number }[] | undefined;
  const steps = changes ?? [
    { added: false, removed: true, count: before.length },
    { added: true, removed: false, count: after.length },
  ];
  const lines: ContextLine[] = [];
  let [old, now] = [0, 0];
  let removed: ContextEntry[] = [];
  let added: ContextEntry[] = [];
  const flush = () => {
    lines.push(...replaceRun(removed, added, outputs));
    removed = [];
    added = [];
  };
  for (const step of steps) {
    if (step.removed) {
      removed.push(...before.slice(old, old + step.count));
      old += step.count;
    } else if (step.added) {
      added.push(...after.slice(now, now + step.count));
      now += step.count;
    } else {
      flush();
      for (let place = 0; place < step.count; place += 1) {
        const [was, entry] = [before[old + place], after[now + place]];
        if (was && entry) lines.push({ state: 'same', entry, markerMoved: was.hasMarker !== entry.hasMarker });
      }
      old += step.count;
      now += step.count;
    }
  }
  flush();
  return lines;
}

/** A run of removed entries in whose place others stand: those that are much alike are one that was edited. */
function replaceRun(
  removed: readonly ContextEntry[],
  added: readonly ContextEntry[],
  outputs: ReadonlySet<string>,
): ContextLine[] {
  const lines: ContextLine[] = [];
  const isComparable = removed.length <= pairedRunMax && added.length <= pairedRunMax;
  let next = 0;
  for (const entry of removed) {
    const mate = isComparable ? findMate(entry, added, next) : -1;
    const found = added[mate];
    if (found === undefined) {
      lines.push({ state: 'removed', entry });
      continue;
    }
    lines.push(...added.slice(next, mate).map((one) => addedLine(one, outputs)));
    lines.push({ state: 'changed', entry: found, before: entry });
    next = mate + 1;
  }
  return [...lines, ...added.slice(next).map((one) => addedLine(one, outputs))];
}

function addedLine(entry: ContextEntry, outputs: ReadonlySet<string>): ContextLine {
  return { state: 'added', entry, wasOutput: entry.message !== undefined && outputs.has(keyOfAnswer(entry.message)) };
}

/** Thoughts are answered but seldom sent back. */
function keyOfAnswer(message: Message): string {
  return keyOfMessage({ ...message, parts: message.parts.filter(({ type }) => type !== 'reasoning') });
}

function findMate(entry: ContextEntry, added: readonly ContextEntry[], from: number): number {
  let best = { place: -1, likeness: likenessLeast };
  const words = countWords(entry);
  for (let place = from; place < added.length; place += 1) {
    const other = added[place];
    if (other?.role !== entry.role || other.name !== entry.name) continue;
    const likeness = entry.source === 'tool' ? 1 : compareWords(words, countWords(other));
    if (likeness > best.likeness) best = { place, likeness };
  }
  return best.place;
}

function countWords(entry: ContextEntry): Map<string, number> {
  const counts = new Map<string, number>();
  const words =
    textOfEntry(entry)
      .slice(0, comparedCharsMax)
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** Sørensen–Dice of two bags of words: 1 for the same words, 0 for none in common. */
function compareWords(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let [common, all] = [0, 0];
  for (const [word, count] of a) {
    common += Math.min(count, b.get(word) ?? 0);
    all += count;
  }
  for (const count of b.values()) all += count;
  return all === 0 ? 0 : (2 * common) / all;
}
