import { multiplyPerMillion, sumUsd } from '../exact-usd.ts';
import { exactCount, exactUsd } from '../format.ts';

/** One line of an amount: tokens × dollars per million. */
export interface PricePart {
  label: string;
  tokens: number;
  perMillionUsd: string;
  /** To the last digit, before the amount is rounded. */
  amountUsd: string;
}

/** The `price` of a ledger row, made readable. */
export type PriceReading =
  | {
      kind: 'parts';
      /** Which price was taken: `gpt-5-mini of openai, from the price table`. */
      from: string;
      parts: readonly PricePart[];
      perRequestUsd: string | null;
      /** What changed the unit prices, and what else is to be known; a sentence each. */
      notes: readonly string[];
    }
  | { kind: 'words'; text: string }
  | { kind: 'none' };

const usageWords: Record<string, string> = {
  input: 'input',
  cacheRead: 'cache read',
  cacheWrite: 'cache write',
  cacheWrite1h: 'cache write, 1 h',
  inputAudio: 'audio input',
  output: 'output',
  reasoning: 'reasoning',
  outputAudio: 'audio output',
  // What the price table bills by beside tokens of text and audio, in its own spelling.
  input_image_mtok: 'images',
  cache_image_read_mtok: 'cached images',
  output_image_mtok: 'images made',
  input_video_mtok: 'video',
  output_video_mtok: 'video made',
  output_citation_mtok: 'citations',
  audio_hours: 'hours of audio',
  input_audio_hours: 'hours of audio',
  input_document_kpages: 'pages',
  input_annotated_document_kpages: 'annotated pages',
  rerank_searches_kcount: 'searches',
  input_text_messages_kcount: 'messages',
};

const basisWords: Record<string, string> = {
  negotiated: 'A negotiated price.',
  self_hosted: 'A price of your own for a model on your own machines.',
  free: 'Said to be free.',
};

const missingWords: Record<string, string> = {
  model: 'Nobody has a price for this model.',
  usage: 'The call reports no tokens.',
  class_price: 'There is no price for tokens of the class “{usage}”.',
  class_count: 'The price depends on a count of “{usage}” that the span does not have.',
  service_tier: 'There is no price for the service tier “{usage}”.',
  consistent_counts: 'The parts of “{usage}” are more than the whole.',
  plausible_counts: 'The counts are larger than can be true.',
};

/** Reads the price of a row. Shapes of a later release are shown as they are. */
export function readPrice(price: unknown): PriceReading {
  if (price === null || price === undefined || price === '') return { kind: 'none' };
  if (!isRecord(price)) return { kind: 'words', text: JSON.stringify(price) };
  if (price['rule'] === 'failed_without_usage') {
    return { kind: 'words', text: 'A failed call that reports no tokens costs nothing.' };
  }
  if (typeof price['missing'] === 'string') {
    const words = missingWords[price['missing']] ?? `What is missing: ${price['missing']} {usage}.`;
    return { kind: 'words', text: words.replace('{usage}', nameUsage(price['usage'])) };
  }
  if (!Array.isArray(price['parts'])) return { kind: 'words', text: JSON.stringify(price) };
  return {
    kind: 'parts',
    from: describeSource(price),
    parts: price['parts'].filter(isRecord).map(readPart),
    perRequestUsd: typeof price['perRequestUsd'] === 'string' ? price['perRequestUsd'] : null,
    notes: listNotes(price),
  };
}

/** `1,100 × $0.25/M + 84 × $2/M`: the whole calculation on one line. */
export function summarizePrice(reading: PriceReading): string {
  if (reading.kind === 'none') return '';
  if (reading.kind === 'words') return reading.text;
  const parts = reading.parts.map(
    ({ tokens, perMillionUsd }) => `${exactCount(tokens)} × ${exactUsd(perMillionUsd)}/M`,
  );
  if (reading.perRequestUsd !== null) parts.push(`${exactUsd(reading.perRequestUsd)} a call`);
  return parts.length === 0 ? 'no tokens' : parts.join(' + ');
}

/** True where the parts, exactly added, have more digits than the ledger books. */
export function isRounded(reading: PriceReading, costUsd: string | null): boolean {
  if (reading.kind !== 'parts' || costUsd === null) return false;
  const digits = reading.parts.some(({ amountUsd }) => (amountUsd.split('.')[1] ?? '').length > 12);
  const sum = sumUsd([...reading.parts.map(({ amountUsd }) => amountUsd), reading.perRequestUsd]);
  return digits || sum !== sumUsd([costUsd]);
}

function readPart(part: Record<string, unknown>): PricePart {
  const tokens = typeof part['tokens'] === 'number' ? part['tokens'] : 0;
  const perMillionUsd = typeof part['perMillionUsd'] === 'string' ? part['perMillionUsd'] : '0';
  return {
    label: nameUsage(part['usage']),
    tokens,
    perMillionUsd,
    amountUsd: multiplyPerMillion(tokens, perMillionUsd),
  };
}

function describeSource(price: Record<string, unknown>): string {
  const [model, provider, source] = ['model', 'provider', 'source'].map((name) => price[name]);
  const where = source === 'file' ? 'from the override file' : 'from the price table';
  return `${typeof model === 'string' ? model : 'a model'}${typeof provider === 'string' && provider !== '' ? ` of ${provider}` : ''}, ${where}`;
}

function listNotes(price: Record<string, unknown>): string[] {
  const notes: string[] = [];
  const above = price['aboveInputTokens'];
  if (typeof above === 'number') notes.push(`Prices for calls of more than ${exactCount(above)} input tokens.`);
  if (typeof price['serviceTier'] === 'string') notes.push(`Prices of the service tier “${price['serviceTier']}”.`);
  for (const factor of Array.isArray(price['factors']) ? price['factors'].filter(isRecord) : []) {
    notes.push(`The unit prices include a factor of ${String(factor['factor'])} (${String(factor['of'])}).`);
  }
  const basis = typeof price['basis'] === 'string' ? basisWords[price['basis']] : undefined;
  if (basis !== undefined) notes.push(basis);
  if (typeof price['note'] === 'string') notes.push(price['note']);
  return notes;
}

/** A class of usage in words. */
export function nameUsage(usage: unknown): string {
  return typeof usage === 'string' ? (usageWords[usage] ?? usage) : '';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
