/** Values by key: of several values of one key any matches, and every key must match. */
export type LabelFilters = ReadonlyMap<string, readonly string[]>;

/** The `label=KEY=VALUE` of a query, which is checked already; a value may hold further `=`. */
export function readLabelFilters(texts: readonly string[] = []): LabelFilters {
  const labels = new Map<string, string[]>();
  for (const text of texts) {
    const end = text.indexOf('=');
    const key = text.slice(0, end);
    labels.set(key, [...(labels.get(key) ?? []), text.slice(end + 1)]);
  }
  return labels;
}
