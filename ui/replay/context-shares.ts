import type { Message } from '../api/types.ts';
import { type ContextEntry, charsOfPart } from './context-entries.ts';

export type ShareName = 'system' | 'tools' | 'history' | 'toolOutput' | 'newMessage';

/** One part of what a model call was given. */
export interface ContextShare {
  name: ShareName;
  chars: number;
  /** Of all characters, 0 to 1. */
  share: number;
  /** Messages, definitions or results that it is made of. */
  items: number;
  /** Where the first of it stands among the entries; −1 where there is none. */
  firstEntry: number;
}

export interface ContextMeasure {
  shares: ContextShare[];
  chars: number;
  /** Pictures and other media, whose size in the context is not known. */
  mediaCount: number;
}

const names: readonly ShareName[] = ['system', 'tools', 'history', 'toolOutput', 'newMessage'];

/** What fills a call's context, by characters: only the provider knows tokens, and only of the whole. */
export function measureContext(entries: readonly ContextEntry[]): ContextMeasure {
  const shares = new Map(names.map((name) => [name, { name, chars: 0, share: 0, items: 0, firstEntry: -1 }]));
  let mediaCount = 0;
  const add = (name: ShareName, chars: number, entry: number) => {
    const share = shares.get(name);
    if (share === undefined) return;
    share.chars += chars;
    share.items += 1;
    if (share.firstEntry < 0) share.firstEntry = entry;
  };
  const newFrom = findNewMessages(entries);
  entries.forEach((entry, place) => {
    if (entry.message === undefined) {
      add('tools', entry.chars, place);
      return;
    }
    let rest = 0;
    for (const part of entry.message.parts) {
      if (part.type === 'media') mediaCount += 1;
      if (part.type === 'tool_call_response') add('toolOutput', charsOfPart(part), place);
      else rest += charsOfPart(part);
    }
    if (isOnlyResults(entry.message)) return;
    const isSystem = entry.source === 'system' || entry.role === 'system' || entry.role === 'developer';
    add(isSystem ? 'system' : newFrom.has(place) ? 'newMessage' : 'history', rest, place);
  });
  const list = [...shares.values()];
  const chars = list.reduce((sum, share) => sum + share.chars, 0);
  return { shares: list.map((one) => ({ ...one, share: chars === 0 ? 0 : one.chars / chars })), chars, mediaCount };
}

/** The user's latest words: the last message of a user, and those of a user right before it. */
function findNewMessages(entries: readonly ContextEntry[]): ReadonlySet<number> {
  const isUser = (entry: ContextEntry | undefined) =>
    entry?.message !== undefined && entry.role === 'user' && !isOnlyResults(entry.message);
  const found = new Set<number>();
  const last = entries.findLastIndex(isUser);
  for (let place = last; place >= 0 && isUser(entries[place]); place -= 1) found.add(place);
  return found;
}

function isOnlyResults({ parts }: Message): boolean {
  return parts.length > 0 && parts.every((part) => part.type === 'tool_call_response');
}
