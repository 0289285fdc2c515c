import type { Message, ModelRequest } from './model.ts';

const charactersPerToken = 4;
/** Role and separators of a message, as tokenizers count them. */
const tokensPerMessage = 4;
const tokensPerImage = 255;
/** Caches of providers keep prompts from some length on, in blocks. */
const cacheBlock = 64;

/** An estimate: four characters a token. */
export function countTokens(text: string): number {
  return Math.ceil(text.length / charactersPerToken);
}

export function countInputTokens({ messages, tools, output }: ModelRequest): number {
  return countMessages(messages) + countTools({ tools, output });
}

/**
 * What a provider would have in its cache: the prompt of the previous call of this conversation, which is what stands before
 * the last answer. Told from the request alone, so it is the same in every process.
 */
export function countCachedTokens({ messages, tools, output }: ModelRequest): number {
  const lastAnswer = messages.findLastIndex(({ role }) => role === 'assistant');
  if (lastAnswer < 1) return 0;
  const tokens = countMessages(messages.slice(0, lastAnswer)) + countTools({ tools, output });
  return Math.floor(tokens / cacheBlock) * cacheBlock;
}

export function countToolCallTokens(calls: readonly { name: string; arguments: string }[]): number {
  return calls.reduce((sum, call) => sum + countTokens(call.name) + countTokens(call.arguments) + tokensPerMessage, 0);
}

function countMessages(messages: readonly Message[]): number {
  return messages.reduce((sum, message) => sum + tokensPerMessage + countContent(message), 0);
}

function countContent(message: Message): number {
  if (message.role === 'user') {
    return message.content.reduce(
      (sum, part) => sum + (part.type === 'text' ? countTokens(part.text) : tokensPerImage),
      0,
    );
  }
  return countTokens(message.text) + (message.role === 'assistant' ? countToolCallTokens(message.toolCalls) : 0);
}

function countTools({ tools, output }: Pick<ModelRequest, 'tools' | 'output'>): number {
  const declared = tools.map(({ name, description = '', input }) => name + description + JSON.stringify(input));
  return countTokens(declared.join('')) + (output === undefined ? 0 : countTokens(JSON.stringify(output.schema)));
}
