/** What became of a tool call, and where that was found. */
export type ToolOutcome = {
  result: unknown;
  /** The failure in words, where the tool failed. */
  error?: string | undefined;
  truncatedBytes?: number | undefined;
  /** `in this conversation`, `from its tool span`. */
  from: string;
  duration?: string | undefined;
  /** Leads to the tool's own span. */
  onopen?: (() => void) | undefined;
};
