/** Conventions by the names that their makers give them; '' are names that belong to none. */
const conventionWords: Readonly<Record<string, string>> = {
  '': 'General OpenTelemetry names',
  'otel-gen-ai': 'OpenTelemetry GenAI',
  'otel-gen-ai-aliases': 'OpenTelemetry GenAI, unofficial names',
  'otel-gen-ai-prompt': 'OpenTelemetry GenAI, prompts in one attribute',
  openinference: 'OpenInference',
  traceloop: 'OpenLLMetry (Traceloop)',
  'traceloop-legacy': 'OpenLLMetry (Traceloop), older names',
  mcp: 'Model Context Protocol',
  'vercel-ai': 'Vercel AI SDK',
  'google-adk': 'Google ADK',
  'spring-ai': 'Spring AI',
  mastra: 'Mastra',
  langsmith: 'LangSmith',
  langfuse: 'Langfuse',
  'langfuse-additions': 'Langfuse, beside other conventions',
  'vector-stores': 'Vector stores',
  'pydantic-ai': 'Pydantic AI',
  logfire: 'Logfire',
};

/** A convention in words; one that is not known is shown as it is. */
export function nameConvention(convention: string): string {
  return Object.hasOwn(conventionWords, convention) ? (conventionWords[convention] ?? convention) : convention;
}

/** Fields in the order in which they are explained: what it is, what it used, who, what was said, how it ended. */
const fieldWords: Readonly<Record<string, string>> = {
  kind: 'Kind',
  operation: 'Operation',
  provider: 'Provider',
  requestModel: 'Model asked for',
  responseModel: 'Model that answered',
  responseId: 'Response id',
  agentName: 'Agent',
  agentId: 'Agent id',
  agentVersion: 'Agent version',
  toolName: 'Tool',
  toolCallId: 'Tool call id',
  serviceTier: 'Service tier',
  stream: 'Streamed',
  isBatch: 'Batch',
  timeToFirstTokenNs: 'First token after',
  'usage.input': 'Input tokens',
  'usage.cacheRead': 'Cache read tokens',
  'usage.cacheWrite': 'Cache write tokens',
  'usage.cacheWrite5m': 'Cache write, 5 min',
  'usage.cacheWrite1h': 'Cache write, 1 h',
  'usage.inputAudio': 'Input audio tokens',
  'usage.output': 'Output tokens',
  'usage.reasoning': 'Reasoning tokens',
  'usage.outputAudio': 'Output audio tokens',
  'usage.total': 'Total tokens',
  reportedCostUsd: 'Cost, as reported',
  sessionId: 'Session',
  userId: 'User',
  labels: 'Labels',
  systemInstructions: 'System instructions',
  toolDefinitions: 'Tool definitions',
  inputMessages: 'Input messages',
  outputMessages: 'Output messages',
  toolArguments: 'Tool arguments',
  toolResult: 'Tool result',
  inputValue: 'Input',
  outputValue: 'Output',
  finishReasons: 'Finish reasons',
  hasFailed: 'Failed',
  errorType: 'Error type',
  errorMessage: 'Error message',
};
const fieldOrder = Object.keys(fieldWords);

/** A field in words; one that is not known is shown as it is. */
export function nameField(field: string): string {
  return Object.hasOwn(fieldWords, field) ? (fieldWords[field] ?? field) : field;
}

/** Where a field stands among the others; one that is not known stands last. */
export function rankField(field: string): number {
  const rank = fieldOrder.indexOf(field);
  return rank === -1 ? fieldOrder.length : rank;
}
