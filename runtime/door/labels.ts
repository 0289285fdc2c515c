/** What of a request's metadata are labels: all that is no variable. */
export function fillLabels(
  metadata: Readonly<Record<string, string>>,
  variables: readonly string[],
): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !variables.includes(name)));
}
