/** What a sender is told of an item, and the short name that is counted and explained; the first that fits. */
const codes: readonly (readonly [pattern: RegExp, code: string])[] = [
  [/^trace id is not \d+ bytes/, 'trace_id_length'],
  [/^trace id is all zeros$/, 'trace_id_zero'],
  [/^span id is not \d+ bytes/, 'span_id_length'],
  [/^span id is all zeros$/, 'span_id_zero'],
  [/^parent span id is not/, 'parent_span_id_length'],
  [/ is missing$/, 'time_missing'],
  [/ is older than the \d+ days/, 'time_too_old'],
  [/ in the future$/, 'time_in_future'],
  [/ is out of range$/, 'time_out_of_range'],
  [/^not a GenAI event/, 'not_a_genai_event'],
  [/nested deeper than/, 'nested_too_deep'],
  [/ is not hexadecimal$/, 'id_not_hexadecimal'],
  [/nanoseconds since 1970$/, 'time_not_readable'],
];

/** The code of a reject's reason; `malformed` for all that says that a field is not what it should be. */
export function rejectCode(reason: string): string {
  return codes.find(([pattern]) => pattern.test(reason))?.[1] ?? 'malformed';
}

/** Data points: counted, never stored. */
export const metricsCode = 'metrics_not_stored';
/** ClickHouse says of these rows that they can never be stored. */
export const unstorableCode = 'unstorable';
