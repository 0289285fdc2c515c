import { readOutput } from './open-inference-content.ts';
import { only } from './open-inference-kinds.ts';
import { readCacheWrites } from '../provider-response.ts';
import { readProviderUsage } from '../provider-usage.ts';
import type { Source } from '../source.ts';
import { type Row, row, tokens } from '../table.ts';
import type { RawUsage } from '../usage.ts';
import { count } from '../value.ts';

type Count = 'input' | 'output' | 'cacheRead' | 'cacheWrite' | 'cacheWrite5m' | 'cacheWrite1h' | 'reasoning';

const prompt = 'llm.token_count.prompt';
const completion = 'llm.token_count.completion';
const cacheRead = 'llm.token_count.prompt_details.cache_read';
const cacheWrite = 'llm.token_count.prompt_details.cache_write';

/** Counts of tokens, in OpenInference's names, then as the raw response has them. */
export const usageRows: readonly Row[] = [
  tokens('input', prompt),
  tokens('output', completion),
  tokens('cacheRead', cacheRead),
  tokens('cacheRead', 'llm.token_count.prompt_details.cache_input'),
  tokens('cacheWrite', cacheWrite),
  tokens('reasoning', 'llm.token_count.completion_details.reasoning'),
  tokens('inputAudio', 'llm.token_count.prompt_details.audio'),
  tokens('outputAudio', 'llm.token_count.completion_details.audio'),
  tokens('total', 'llm.token_count.total'),
  ...only(
    ['llm'],
    ...(['input', 'output', 'cacheRead', 'cacheWrite', 'reasoning'] as const).map(ofResponse),
    ofWrites('cacheWrite5m'),
    ofWrites('cacheWrite1h'),
  ),
];

/** Earlier versions put down Anthropic's input as it is; the raw response tells. */
export function leavesCachedOut(source: Source): boolean {
  const said = source.once(readResponseUsage);
  const counted = count(source.attributes.get(prompt));
  if (said === undefined || counted === undefined) return false;
  const cached = (said.cacheRead ?? 0n) + (said.cacheWrite ?? 0n);
  return cached > 0n && counted + cached === said.input;
}

/** What the raw response says of the same call: believed where it counts as many tokens as the span. */
function ofResponse(field: Count): Row {
  return row(`usage.${field}`, 'output.value', (_value, source) => source.once(readBelieved)[field]);
}

function readBelieved(source: Source): RawUsage {
  const said = source.once(readResponseUsage);
  const counted = count(source.attributes.get(prompt));
  const isSame = counted === undefined || counted === said?.input || leavesCachedOut(source);
  return isSame ? (said ?? {}) : {};
}

function readResponseUsage(source: Source): RawUsage | undefined {
  return readProviderUsage(source.once(readOutput));
}

/** How long written caches live, which only the raw response says; believed where it says as many as were counted. */
function ofWrites(field: 'cacheWrite5m' | 'cacheWrite1h'): Row {
  return row(`usage.${field}`, 'output.value', (_value, source) => source.once(readWrites)[field]);
}

function readWrites(source: Source): Pick<RawUsage, 'cacheWrite5m' | 'cacheWrite1h'> {
  const { cacheWrite5m = 0n, cacheWrite1h = 0n } = readCacheWrites(source.once(readOutput));
  const counted = count(source.attributes.get(cacheWrite)) ?? source.once(readBelieved).cacheWrite;
  return counted === cacheWrite5m + cacheWrite1h ? { cacheWrite5m, cacheWrite1h } : {};
}
