/** Attributes under one first word of their keys. */
export type AttributeGroup = { prefix: string; entries: { key: string; value: unknown }[] };

/** Groups attributes by the first part of their keys, sorted; a key without a dot stands with its like at the end. */
export function groupAttributes(attributes: Record<string, unknown>, query: string): AttributeGroup[] {
  const wanted = query.trim().toLowerCase();
  const groups = new Map<string, AttributeGroup>();
  for (const key of Object.keys(attributes).sort()) {
    const value = attributes[key];
    if (wanted !== '' && !key.toLowerCase().includes(wanted) && !textOf(value).toLowerCase().includes(wanted)) continue;
    const dot = key.indexOf('.');
    const prefix = dot > 0 ? key.slice(0, dot) : '';
    const group = groups.get(prefix) ?? { prefix, entries: [] };
    group.entries.push({ key, value });
    groups.set(prefix, group);
  }
  return [...groups.values()].sort((a, b) => Number(a.prefix === '') - Number(b.prefix === ''));
}

/** A value for the clipboard: a string bare, anything else as JSON. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
