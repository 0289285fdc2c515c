import { describe, expect, it } from 'vitest';
import { mapSpan } from '../../../../../collector/map/span.ts';
import { springAi } from '../../../../../collector/map/conventions/spring-ai.ts';
import { describeConvention } from '../describe-convention.ts';
import { spanOf } from '../otlp-fixture.ts';

describeConvention(springAi, [
  ['kind', { 'spring.ai.kind': 'vector_store' }, 'retriever'],
  ['sessionId', { 'spring.ai.chat.client.conversation.id': 's' }, 's'],
  ['stream', { 'spring.ai.chat.client.stream': 'true' }, true],
  ['stream', { 'spring.ai.chat.client.stream': 'false' }, undefined],
  ['toolName', { 'spring.ai.tool.definition.name': 'weather' }, 'weather'],
  ['toolArguments', { 'spring.ai.tool.call.arguments': '{"city":"Oslo"}' }, { city: 'Oslo' }],
  ['toolResult', { 'spring.ai.tool.call.result': '"cold"' }, 'cold'],
  ['inputValue', { 'spring.ai.kind': 'vector_store', 'db.vector.query.content': 'where?' }, 'where?'],
]);

describe('spans of Spring AI 1.0', () => {
  const framework = { 'gen_ai.operation.name': 'framework', 'gen_ai.system': 'spring_ai' };

  it('around a call are a chain, a tool or a retriever, and of no provider', () => {
    const kindOf = (kind: string) => mapSpan(spanOf({ ...framework, 'spring.ai.kind': kind }), 'p').row;
    expect(kindOf('chat_client')).toMatchObject({ kind: 'chain', provider: '' });
    expect(kindOf('tool_call').kind).toBe('tool');
  });

  it('say none where there is nothing, and counts as text', () => {
    const { row } = mapSpan(
      spanOf({
        ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.system': 'openai', 'gen_ai.request.model': 'gpt-4o' },
        ...{ 'gen_ai.response.model': 'none', 'gen_ai.response.finish_reasons': '["STOP"]' },
        ...{ 'gen_ai.usage.input_tokens': '100', 'gen_ai.usage.output_tokens': '20' },
      }),
      'p',
    );
    expect(row).toMatchObject({ request_model: 'gpt-4o', response_model: '', finish_reasons: ['stop'] });
    expect(row).toMatchObject({ input_tokens: 100n, output_tokens: 20n });
  });

  it('embed under a name of their own', () => {
    expect(mapSpan(spanOf({ 'gen_ai.operation.name': 'embedding' }), 'p').row.kind).toBe('embedding');
  });
});
