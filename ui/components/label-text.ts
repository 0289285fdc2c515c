/** A label of a span, a trace or a session as it is shown. */
export type Label = { key: string; value: string };

const tagPrefix = 'tag.';

/** Splits the `KEY=VALUE` of a filter; a value may hold further `=`. */
export function splitLabel(text: string): Label {
  const end = text.indexOf('=');
  return end < 0 ? { key: text, value: '' } : { key: text.slice(0, end), value: text.slice(end + 1) };
}

/** The filter on a label; null where its key holds a `=`, which a filter cannot say. */
export function toLabelFilter({ key, value }: Label): string | null {
  return key === '' || value === '' || key.includes('=') ? null : `${key}=${value}`;
}

/** A label in words: `team search`, and of a tag its name alone. */
export function describeLabel({ key, value }: Label): { name: string; text: string } {
  const isTag = key.startsWith(tagPrefix) && key.length > tagPrefix.length && value === 'true';
  return isTag ? { name: 'tag', text: key.slice(tagPrefix.length) } : { name: key, text: value };
}
