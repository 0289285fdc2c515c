import type { SpanKind, SpanSkeleton } from '../api/types.ts';
import type { SpanTable } from './span-table.ts';

export type SpanFilter = {
  /** Words that must all occur in what a row shows, in any case. */
  text: string;
  /** Empty: every kind. */
  kinds: ReadonlySet<SpanKind>;
  errorsOnly: boolean;
};

/** Finds spans by what their rows show; keeps the lower-cased text, since every keystroke searches anew. */
export class SpanSearch {
  readonly #texts: string[] = [];
  readonly #sources: SpanSkeleton[] = [];

  /** 1 for every span that matches, by span index. */
  find(table: SpanTable, filter: SpanFilter): Uint8Array {
    const words = splitWords(filter.text);
    const matches = new Uint8Array(table.length);
    for (let index = 0; index < table.length; index++) {
      const span = table.spans[index];
      if (!span) continue;
      if (filter.errorsOnly && span.status !== 'error') continue;
      if (filter.kinds.size > 0 && !filter.kinds.has(span.kind)) continue;
      if (words.length > 0) {
        const text = this.#textOf(index, span);
        if (!words.every((word) => text.includes(word))) continue;
      }
      matches[index] = 1;
    }
    return matches;
  }

  #textOf(index: number, span: SpanSkeleton): string {
    if (this.#sources[index] !== span) {
      this.#sources[index] = span;
      this.#texts[index] = textOf(span);
    }
    return this.#texts[index] ?? '';
  }
}

/** Whether the filter hides anything. */
export function isFiltering(filter: SpanFilter): boolean {
  return filter.errorsOnly || filter.kinds.size > 0 || filter.text.trim() !== '';
}

/** The lower-case words of a search. */
export function splitWords(text: string): string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

/** Cuts a text where a word of the search occurs, for marking; pieces in order, nothing lost. */
export function splitAtMatches(text: string, words: readonly string[]): { text: string; match: boolean }[] {
  const lower = text.toLowerCase();
  // Lower-casing may change the length in a few scripts; then the places would be wrong.
  if (words.length === 0 || lower.length !== text.length) return [{ text, match: false }];
  const hit = new Uint8Array(text.length);
  for (const word of words) {
    for (let at = lower.indexOf(word); at >= 0; at = lower.indexOf(word, at + word.length)) {
      hit.fill(1, at, at + word.length);
    }
  }
  const pieces: { text: string; match: boolean }[] = [];
  let from = 0;
  for (let at = 1; at <= text.length; at++) {
    if (at < text.length && hit[at] === hit[from]) continue;
    pieces.push({ text: text.slice(from, at), match: hit[from] === 1 });
    from = at;
  }
  return pieces;
}

function textOf(span: SpanSkeleton): string {
  return [
    span.name,
    span.kind,
    span.operation,
    span.toolName,
    span.agentName,
    span.requestModel,
    span.responseModel,
    span.provider,
    span.serviceName,
    span.errorType,
    span.spanId,
  ]
    .filter(Boolean)
    .join('\n')
    .toLowerCase();
}
