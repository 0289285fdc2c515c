/** What became of a tool call, and where that was found. */
export type ToolOutcome = {
  result: unknown;
  /** The failure in words, where the tool failed. */
  error?: string | undefined;
  truncatedBytes?: number | undefined;
  /** Where the result was found, where that is not plain. */
  from?: string | undefined;
  duration?: string | undefined;
  /** Leads to the tool's own span. */
  onopen?: (() => void) | undefined;
};
