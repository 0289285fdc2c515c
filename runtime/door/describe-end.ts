import type { TurnEnd } from '../sessions/record.ts';

/** The answer as a person reads it: with a line that says why it is not whole, where it is not. */
export function describeEnd({ text, state, message }: Pick<TurnEnd, 'text' | 'state' | 'message'>): string {
  if (state === 'completed') return text;
  return `${text}${endNotice({ state, message, text })}`;
}

/** What is added to the text; empty where the turn completed. */
export function endNotice({ text, state, message }: Pick<TurnEnd, 'text' | 'state' | 'message'>): string {
  if (state === 'completed') return '';
  return `${text === '' ? '' : '\n\n'}[${message ?? `The turn ended: ${state}.`}]`;
}
