import type { Field } from './reading.ts';

/** Where a field was found: the attribute, and the convention that names it. */
export interface Origin {
  field: Field;
  convention: string;
  attribute: string;
}

/** Origins as a span keeps them, `[[field, convention, attribute], …]` in JSON; '' where nothing was found. */
export function originsText(origins: readonly Origin[]): string {
  if (origins.length === 0) return '';
  return JSON.stringify(origins.map(({ field, convention, attribute }) => [field, convention, attribute]));
}
