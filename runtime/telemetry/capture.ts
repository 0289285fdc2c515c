import type { AgentDefinition } from '../definition/schema.ts';
import { redactJson, redactText } from './redact.ts';

export type Capture = AgentDefinition['capture'];

/** How content goes into spans: nothing of it, masked, or as it is. */
export interface Keeper {
  /** Undefined: it is not kept. */
  text(value: string): string | undefined;
  /** As JSON text. */
  json(value: unknown): string | undefined;
  /** Arguments of a tool or its result: JSON as such, anything else as text. */
  payload(value: string): string | undefined;
  /** Pictures cannot be masked. */
  keepsImages: boolean;
}

/** The keeper of a definition's `capture`. */
export function keeperOf(capture: Capture): Keeper {
  return keepers[capture];
}

const nothing = () => undefined;
const keepers: Readonly<Record<Capture, Keeper>> = {
  none: { text: nothing, json: nothing, payload: nothing, keepsImages: false },
  redacted: {
    text: redactText,
    json: (value) => JSON.stringify(redactJson(value)),
    payload: (value) => {
      const parsed = parseStructure(value);
      return parsed === undefined ? redactText(value) : JSON.stringify(redactJson(parsed));
    },
    keepsImages: false,
  },
  full: {
    text: (value) => value,
    json: (value) => JSON.stringify(value),
    payload: (value) => value,
    keepsImages: true,
  },
};

/** A list or an object; undefined for any other text. */
function parseStructure(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
