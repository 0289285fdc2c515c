import { createHash } from 'node:crypto';

/** OpenAI's longest. */
const openaiIdChars = 40;

/** The id of a tool call as Anthropic takes it: other providers use dots and colons. The same id stays the same. */
export function toAnthropicCallId(id: string): string {
  return /^[\w-]+$/.test(id) ? id : hashId(id);
}

/** As OpenAI takes it: other providers have longer ones. */
export function toOpenaiCallId(id: string, provider: string): string {
  return provider !== 'openai' || id.length <= openaiIdChars ? id : hashId(id);
}

function hashId(id: string): string {
  return `call_${createHash('sha256').update(id).digest('hex').slice(0, 32)}`;
}
