/** What an MCP tool answers: JSON as text. */
export function jsonResult(value: object) {
  return { content: [{ type: 'text' as const, text: JSON.stringify(value) }] };
}

/** A tool that says itself that it failed. */
export function toolFault(message: string) {
  return { content: [{ type: 'text' as const, text: message }], isError: true };
}
