/** A model and its prices in 10^-12 dollars a token: a millionth of the dollars per million tokens, as published. */
export interface Model {
  name: string;
  provider: 'openai' | 'anthropic';
  inputPico: bigint;
  cacheReadPico: bigint;
  /** Absent: writing a cache costs nothing apart. */
  cacheWritePico?: bigint;
  outputPico: bigint;
}

export const models: readonly Model[] = [
  // $0.15, $0.075 and $0.60 a million
  {
    name: 'gpt-4o-mini-2024-07-18',
    provider: 'openai',
    inputPico: 150_000n,
    cacheReadPico: 75_000n,
    outputPico: 600_000n,
  },
  // $3, $0.30, $3.75 and $15 a million
  {
    ...{ name: 'claude-sonnet-4-5-20250929', provider: 'anthropic', inputPico: 3_000_000n, cacheReadPico: 300_000n },
    ...{ cacheWritePico: 3_750_000n, outputPico: 15_000_000n },
  },
];

/** One model call, tokens as totals: `input` includes what was read from and written to a cache. */
export interface Call {
  model: Model;
  /** '' where it failed. */
  responseId: string;
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
}

/** A span as its instrumentation writes it; attributes that are undefined are not sent. */
export interface Written {
  scope: string;
  name: string;
  attributes: Record<string, unknown>;
}

export interface Emitter {
  name: string;
  hasResponseId: boolean;
  write: (call: Call) => Written;
}

const orAbsent = (count: number) => (count === 0 ? undefined : count);
const textOrAbsent = (text: string) => (text === '' ? undefined : text);

/** How each convention writes down a call. */
export const emitters: readonly Emitter[] = [
  {
    name: 'otel',
    hasResponseId: true,
    write: ({ model, responseId, input, output, cacheRead, cacheWrite }) => ({
      scope: '@opentelemetry/instrumentation-openai',
      name: `chat ${model.name}`,
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': model.provider,
        'gen_ai.request.model': model.name,
        'gen_ai.response.model': responseId === '' ? undefined : model.name,
        'gen_ai.response.id': textOrAbsent(responseId),
        'gen_ai.usage.input_tokens': orAbsent(input),
        'gen_ai.usage.output_tokens': orAbsent(output),
        'gen_ai.usage.cache_read.input_tokens': orAbsent(cacheRead),
        'gen_ai.usage.cache_creation.input_tokens': orAbsent(cacheWrite),
      },
    }),
  },
  {
    name: 'openinference',
    hasResponseId: false,
    write: ({ model, responseId, input, output, cacheRead, cacheWrite }) => ({
      scope: '@arizeai/openinference-instrumentation-openai',
      name: 'OpenAI Chat Completions',
      attributes: {
        'openinference.span.kind': 'LLM',
        'llm.provider': model.provider,
        'llm.model_name': model.name,
        'llm.response.model_name': responseId === '' ? undefined : model.name,
        'llm.token_count.prompt': orAbsent(input),
        'llm.token_count.completion': orAbsent(output),
        'llm.token_count.prompt_details.cache_read': orAbsent(cacheRead),
        'llm.token_count.prompt_details.cache_write': orAbsent(cacheWrite),
      },
    }),
  },
  {
    // Its input count leaves cached tokens out.
    name: 'traceloop-anthropic',
    hasResponseId: true,
    write: ({ model, responseId, input, output, cacheRead, cacheWrite }) => ({
      scope: '@traceloop/instrumentation-anthropic',
      name: 'anthropic.chat',
      attributes: {
        'traceloop.workflow.name': 'shop',
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': model.provider,
        'gen_ai.request.model': model.name,
        'gen_ai.response.model': responseId === '' ? undefined : model.name,
        'gen_ai.response.id': textOrAbsent(responseId),
        'gen_ai.usage.input_tokens': orAbsent(input - cacheRead - cacheWrite),
        'gen_ai.usage.output_tokens': orAbsent(output),
        'gen_ai.usage.cache_read.input_tokens': orAbsent(cacheRead),
        'gen_ai.usage.cache_creation.input_tokens': orAbsent(cacheWrite),
      },
    }),
  },
  {
    // The names of the AI SDK and, beside them, those of OpenTelemetry once more.
    name: 'vercel',
    hasResponseId: true,
    write: ({ model, responseId, input, output, cacheRead, cacheWrite }) => ({
      scope: 'ai',
      name: 'ai.generateText.doGenerate',
      attributes: {
        'ai.operationId': 'ai.generateText.doGenerate',
        'ai.model.provider': `${model.provider}.chat`,
        'ai.model.id': model.name,
        'ai.response.model': responseId === '' ? undefined : model.name,
        'ai.response.id': textOrAbsent(responseId),
        'ai.usage.inputTokens': orAbsent(input),
        'ai.usage.outputTokens': orAbsent(output),
        'ai.usage.inputTokenDetails.noCacheTokens': orAbsent(input - cacheRead - cacheWrite),
        'ai.usage.inputTokenDetails.cacheReadTokens': orAbsent(cacheRead),
        'ai.usage.inputTokenDetails.cacheWriteTokens': orAbsent(cacheWrite),
        'gen_ai.usage.input_tokens': orAbsent(input),
        'gen_ai.usage.output_tokens': orAbsent(output),
        'gen_ai.request.model': model.name,
      },
    }),
  },
  {
    // Every key counts what no other counts; only the total is one.
    name: 'langfuse',
    hasResponseId: false,
    write: ({ model, input, output, cacheRead, cacheWrite }) => ({
      scope: 'langfuse-sdk',
      name: 'OpenAI-generation',
      attributes: {
        'langfuse.observation.type': 'generation',
        'langfuse.observation.model.name': model.name,
        'langfuse.observation.usage_details':
          input === 0
            ? undefined
            : JSON.stringify({
                input: input - cacheRead - cacheWrite,
                output,
                total: input + output,
                ...(cacheRead === 0 ? {} : { input_cached_tokens: cacheRead }),
                ...(cacheWrite === 0 ? {} : { input_cache_creation: cacheWrite }),
              }),
      },
    }),
  },
];
