import type { VariableWords } from './definition.ts';

/** What stands in the fields, by name; what is not there was not touched. */
export type Typed = Readonly<Record<string, string>>;

export interface VariableReading {
  values: Record<string, string>;
  /** What is wrong, by name. */
  problems: Record<string, string>;
}

/** What is sent for what was typed: an empty field is left out, so that the default holds. */
export function readTyped(variables: readonly VariableWords[], typed: Typed): VariableReading {
  const reading: VariableReading = { values: {}, problems: {} };
  for (const { name, type, required } of variables) {
    const text = typed[name] ?? '';
    if (text.trim() === '') {
      if (required) reading.problems[name] = 'It is required: a turn without it is refused.';
    } else if (type === 'number' && !/^-?\d+(\.\d+)?$/.test(text.trim())) {
      reading.problems[name] = `“${text}” is no number.`;
    } else reading.values[name] = text;
  }
  return reading;
}
