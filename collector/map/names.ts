/** The product's span kinds. */
export type SpanKind =
  'agent' | 'llm' | 'tool' | 'retriever' | 'embedding' | 'chain' | 'guardrail' | 'evaluator' | 'other';

/** A Map, as every table that names from outside are looked up in: an object also answers to `constructor`. */
const kindOfOperation: ReadonlyMap<string, SpanKind> = new Map(
  Object.entries({
    chat: 'llm',
    generate_content: 'llm',
    text_completion: 'llm',
    completion: 'llm',
    generate: 'llm',
    message: 'llm',
    embeddings: 'embedding',
    execute_tool: 'tool',
    invoke_agent: 'agent',
    create_agent: 'agent',
    retrieval: 'retriever',
    search_memory: 'retriever',
    rerank: 'retriever',
    invoke_workflow: 'chain',
    workflow: 'chain',
    plan: 'chain',
    agent_step: 'chain',
    task: 'chain',
    execute_task: 'chain',
    chain: 'chain',
    model_generation: 'chain',
    guard: 'guardrail',
    'guardrail.run': 'guardrail',
  }),
);

/** What names of emitters' own mean, by a word in them: `chat.completions`, `text_completions`, `response`, `embedding`. */
const operationWords: readonly (readonly [RegExp, SpanKind])[] = [
  [/\bembed(ding|dings)?\b/, 'embedding'],
  [/\b(rerank|retrieve|retrieval)\b/, 'retriever'],
  [/\bguardrail\b/, 'guardrail'],
  [/\b(completions?|chat|responses?|llm|generation)\b/, 'llm'],
];

/** Kind from `gen_ai.operation.name`; a name that says nothing is `other`. */
export function kindFromOperation(operation: string): SpanKind {
  const known = kindOfOperation.get(operation);
  if (known !== undefined) return known;
  const words = operation.toLowerCase().replaceAll(/[^a-z]/g, ' ');
  if (/^(create|delete|get|list|fetch|update|search|submit)\b/.test(words)) return 'other';
  return operationWords.find(([word]) => word.test(words))?.[1] ?? 'other';
}

/** Prefix of what emitters call a provider, to the name that OpenTelemetry gives it; the first that fits counts. */
const providers: readonly (readonly [prefix: string, name: string])[] = [
  ['azure-openai', 'azure.ai.openai'],
  ['azure.ai.openai', 'azure.ai.openai'],
  ['az.ai.openai', 'azure.ai.openai'],
  ['azure', 'azure.ai.inference'],
  ['az.ai.inference', 'azure.ai.inference'],
  ['openai', 'openai'],
  ['anthropic', 'anthropic'],
  ['google.vertex', 'gcp.vertex_ai'],
  ['gcp.vertex', 'gcp.vertex_ai'],
  ['vertex_ai', 'gcp.vertex_ai'],
  ['vertexai', 'gcp.vertex_ai'],
  ['google', 'gcp.gemini'],
  ['gemini', 'gcp.gemini'],
  ['aws', 'aws.bedrock'],
  ['bedrock', 'aws.bedrock'],
  ['amazon', 'aws.bedrock'],
  ['mistral', 'mistral_ai'],
  ['xai', 'x_ai'],
  ['cohere', 'cohere'],
  ['groq', 'groq'],
  ['deepseek', 'deepseek'],
  ['perplexity', 'perplexity'],
  ['moonshot', 'moonshot_ai'],
  ['watsonx', 'ibm.watsonx.ai'],
];

/** Frameworks, which some emitters name as the provider; whose model it is, its name tells. */
const frameworks =
  /^(langchain|langgraph|llama_?index|crewai|autogen|haystack|strands-agents|pydantic[-_]?ai|spring_ai|google_adk|gcp\.vertex\.agent|microsoft\.agent_framework|semantic_kernel|openai_agents|agno|smolagents|dspy|unknown|none)$/;

/** The provider by OpenTelemetry's name; one that is not in the table keeps its own, in lower case. */
export function normaliseProvider(provider: string): string {
  const name = provider.toLowerCase();
  if (frameworks.test(name)) return '';
  return providers.find(([prefix]) => name.startsWith(prefix))?.[1] ?? name;
}

const finishReasons: ReadonlyMap<string, string> = new Map(
  Object.entries({
    completed: 'stop',
    end_turn: 'stop',
    stop_sequence: 'stop',
    max_tokens: 'length',
    'tool-calls': 'tool_calls',
    tool_call: 'tool_calls',
    tool_use: 'tool_calls',
    function_call: 'tool_calls',
    'content-filter': 'content_filter',
    safety: 'content_filter',
    refusal: 'content_filter',
  }),
);

/** One word a reason: stop, length, tool_calls, content_filter, error; another is kept in lower case. */
export function normaliseFinishReason(reason: string): string {
  const name = reason.toLowerCase();
  return finishReasons.get(name) ?? name;
}
