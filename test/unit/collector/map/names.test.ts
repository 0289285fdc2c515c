import { describe, expect, it } from 'vitest';
import { kindFromOperation, normaliseFinishReason, normaliseProvider } from '../../../../collector/map/names.ts';

describe('kindFromOperation', () => {
  it.each([
    ['llm', ['chat', 'generate_content', 'text_completion', 'completion', 'generate', 'message']],
    ['llm', ['chat.completions', 'text_completions', 'response', 'responses', 'llm_request', 'Chat Completion']],
    ['embedding', ['embeddings', 'embedding', 'openai.embed']],
    ['tool', ['execute_tool']],
    ['agent', ['invoke_agent', 'create_agent']],
    ['retriever', ['retrieval', 'search_memory', 'rerank', 'vector_db_retrieve']],
    [
      'chain',
      ['invoke_workflow', 'workflow', 'plan', 'agent_step', 'task', 'chain', 'model_generation', 'execute_task'],
    ],
    ['guardrail', ['guard', 'guardrail.run', 'guardrail_check']],
    [
      'other',
      [
        'fetch_response',
        'get_completion_list',
        'create_memory',
        'framework',
        'agent_handoff',
        'delete_memory_store',
        'dance',
        '',
        'constructor',
        '__proto__',
      ],
    ],
  ])('gives %s', (kind, operations) => {
    expect(operations.map(kindFromOperation)).toEqual(operations.map(() => kind));
  });
});

describe('normaliseProvider', () => {
  it.each([
    ['openai', ['openai', 'OpenAI', 'openai.chat', 'openai.responses']],
    ['azure.ai.openai', ['azure-openai', 'azure-openai.chat', 'az.ai.openai', 'azure.ai.openai']],
    ['azure.ai.inference', ['azure', 'az.ai.inference', 'azure.ai.inference']],
    ['anthropic', ['anthropic', 'Anthropic', 'anthropic.messages']],
    ['gcp.vertex_ai', ['google.vertex.chat', 'vertex_ai', 'vertexai', 'gcp.vertex_ai']],
    ['gcp.gemini', ['google', 'google.generative-ai', 'gemini', 'google_genai']],
    ['aws.bedrock', ['amazon-bedrock', 'amazon', 'aws_bedrock', 'aws.bedrock', 'aws', 'bedrock', 'bedrock_converse']],
    ['mistral_ai', ['mistral', 'mistral.chat', 'mistral_ai', 'mistralai']],
    ['x_ai', ['xai', 'xai.chat', 'x_ai']],
    ['moonshot_ai', ['moonshot_ai', 'moonshotai']],
    ['cohere', ['cohere']],
    ['groq', ['groq', 'groq.chat']],
    ['deepseek', ['deepseek']],
    ['perplexity', ['perplexity']],
    ['ibm.watsonx.ai', ['ibm.watsonx.ai', 'Watsonx']],
    ['gcp.gen_ai', ['gcp.gen_ai']],
    ['my-own', ['My-Own']],
    ['constructor', ['constructor']],
    ['', ['langchain', 'LangChain', 'strands-agents', 'gcp.vertex.agent', 'spring_ai', 'crewai', 'unknown', 'none']],
  ])('gives %j', (name, sent) => {
    expect(sent.map(normaliseProvider)).toEqual(sent.map(() => name));
  });
});

describe('normaliseFinishReason', () => {
  it.each([
    ['stop', ['stop', 'STOP', 'completed', 'end_turn', 'stop_sequence']],
    ['length', ['length', 'max_tokens', 'MAX_TOKENS']],
    ['tool_calls', ['tool_calls', 'tool-calls', 'tool_call', 'tool_use', 'function_call']],
    ['content_filter', ['content_filter', 'content-filter', 'safety', 'SAFETY', 'refusal']],
    ['error', ['error']],
    ['pause_turn', ['pause_turn']],
    ['constructor', ['constructor']],
  ])('gives %s', (name, sent) => {
    expect(sent.map(normaliseFinishReason)).toEqual(sent.map(() => name));
  });
});
