import type { Message, ModelRequest } from '../models/model.ts';
import { formatUsd, parseUsd } from '../run/money.ts';
import type { Price } from '../run/price-usage.ts';

/**
 * What a model writes at most where nobody says: it is told so, because a call without an end has no worst case. As much as the
 * adapter for Anthropic always asked for.
 */
export const defaultOutputTokens = 8_192;

/** Role and separators of a message: 3 to 7 tokens with the tokenizers that are published. */
const tokensPerMessage = 16;
/** The dearest image known: 8 tiles of gpt-4o-mini, 48,169 tokens. */
const tokensPerImage = 50_000;
/** What providers add themselves so that a model can call tools or keep to a form: up to some 700 tokens. */
const tokensOfProvider = 1_000;
/** Around each declared tool. */
const tokensPerTool = 32;

/**
 * More tokens than the input of a call can have: a token stands for at least one byte of UTF-8, in every tokenizer that knows
 * single bytes, as those of all large providers do. About four times the truth for English, twice for most other languages.
 */
export function boundInputTokens({ messages, tools, output, passthrough }: ModelRequest): number {
  const declared = tools.reduce((sum, tool) => sum + tokensPerTool + jsonBytes(tool), 0);
  const added = tools.length > 0 || output !== undefined ? tokensOfProvider : 0;
  const form = output === undefined ? 0 : jsonBytes(output);
  const more = passthrough === undefined ? 0 : jsonBytes(passthrough);
  return messages.reduce((sum, message) => sum + boundMessage(message), added + declared + form + more);
}

/**
 * The most that a call can cost, in US dollars, rounded up: every input token at the dearest way to bill it, every output token as
 * reasoning if that costs more. Undefined where input or output has no price.
 */
export function worstCaseUsd(
  price: Price,
  { inputTokens, outputTokens }: { inputTokens: number; outputTokens: number },
): string | undefined {
  // A tier counts from its number of tokens on; which one applies is not known before, so the dearest that may.
  const rates = [
    price.perMillionUsd,
    ...price.tiers
      .filter(({ aboveInputTokens }) => inputTokens > aboveInputTokens)
      .map(({ perMillionUsd }) => perMillionUsd),
  ];
  const input = dearest(rates.map((one) => (one.input === null ? null : dearest([one.input, one.cacheWrite]))));
  const output = dearest(rates.map((one) => (one.output === null ? null : dearest([one.output, one.reasoning]))));
  if (input === null || output === null) return undefined;
  const tokens = BigInt(inputTokens) * parseUsd(input) + BigInt(outputTokens) * parseUsd(output);
  const perRequest = price.perRequestUsd === null ? 0n : parseUsd(price.perRequestUsd);
  const usd = perRequest + divideUp(tokens, 1_000_000n);
  return formatUsd(price.multiplier === null ? usd : divideUp(usd * parseUsd(price.multiplier), 1_000_000_000_000n));
}

function boundMessage(message: Message): number {
  switch (message.role) {
    case 'system':
      return tokensPerMessage + byteLength(message.text);
    case 'user':
      return message.content.reduce(
        (sum, part) => sum + (part.type === 'text' ? byteLength(part.text) : tokensPerImage),
        tokensPerMessage,
      );
    case 'tool':
      return tokensPerMessage + byteLength(message.text) + byteLength(message.name) + byteLength(message.callId);
    case 'assistant': {
      const state = message.state === undefined ? 0 : jsonBytes(message.state.blocks);
      const calls = message.toolCalls.reduce((sum, call) => sum + tokensPerMessage + jsonBytes(call), 0);
      return tokensPerMessage + byteLength(message.text) + calls + state;
    }
  }
}

/** Null where nothing has a price. */
function dearest(rates: readonly (string | null)[]): string | null {
  return rates.reduce((most, one) => {
    if (one === null) return most;
    return most === null || parseUsd(one) > parseUsd(most) ? one : most;
  }, null);
}

function divideUp(amount: bigint, by: bigint): bigint {
  return (amount + by - 1n) / by;
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
