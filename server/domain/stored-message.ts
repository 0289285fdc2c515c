import type { Message, Part } from '../contract/messages.ts';
import { parseLossless } from './lossless-json.ts';

/** Names of the contract that differ from those in storage. */
const partNames: Readonly<Record<string, string>> = {
  mime_type: 'mimeType',
  file_id: 'fileId',
  truncated_bytes: 'truncatedBytes',
};
const messageNames: Readonly<Record<string, string>> = { finish_reason: 'finishReason' };

/** A stored body as the API shows it; what is no message becomes a part of type `data`, so that nothing is hidden. */
export function readStoredMessage(body: string): Message {
  const stored = parseLossless(body);
  if (!isObject(stored) || !Array.isArray(stored['parts'])) {
    return { role: 'unknown', parts: [{ type: 'data', value: stored }] };
  }
  return { ...rename(stored, messageNames), parts: stored['parts'].map(readPart) } as Message;
}

function readPart(part: unknown): Part {
  return (isObject(part) ? rename(part, partNames) : { type: 'data', value: part }) as Part;
}

function rename(value: Record<string, unknown>, names: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [names[key] ?? key, field]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
