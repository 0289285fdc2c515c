import type { OtlpSpan } from '../receive/otlp.ts';
import { genAi } from './gen-ai.ts';
import { general } from './general.ts';
import type { Convention, Reading } from './reading.ts';

/**
 * Every convention the collector understands, in the order of precedence: of several that give a field, the first wins.
 * A new convention is one file and one line here.
 */
const conventions: readonly Convention[] = [general, genAi];

export interface CombinedReading {
  /** The first agent convention that the span speaks; '' where it speaks none. */
  convention: string;
  reading: Reading;
  /** Attributes whose content the reading carries. */
  contentKeys: ReadonlySet<string>;
}

/** Reads the span in every convention and takes each field from the first that has it; nothing is ever added up. */
export function readSpan(span: OtlpSpan): CombinedReading {
  const combined: CombinedReading & { contentKeys: Set<string> } = {
    convention: '',
    reading: {},
    contentKeys: new Set(),
  };
  for (const convention of conventions) {
    const reading = convention.read(span);
    if (reading === undefined) continue;
    combined.convention ||= convention.name;
    combined.reading = { ...reading, ...combined.reading };
    for (const key of convention.contentKeys) combined.contentKeys.add(key);
  }
  return combined;
}
