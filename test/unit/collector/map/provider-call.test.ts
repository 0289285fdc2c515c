import { describe, expect, it } from 'vitest';
import { readProviderRequest } from '../../../../collector/map/provider-request.ts';
import { readCacheWrites, readProviderResponse } from '../../../../collector/map/provider-response.ts';
import type { Json } from '../../../../collector/lossless-json.ts';

const says = (role: string, content: string) => ({ role, parts: [{ type: 'text', content }] });
const langChain = (name: string, kwargs: Record<string, Json>): Json => ({
  ...{ lc: 1, type: 'constructor' },
  id: ['langchain_core', 'messages', name],
  kwargs,
});

describe('a request to a model', () => {
  it.each<[string, Json, Json]>([
    ['chat messages', { messages: [{ role: 'user', content: 'hi' }] }, [says('user', 'hi')]],
    ['a list of messages', [{ role: 'developer', content: 'be' }], [says('system', 'be')]],
    ['the text of a response', { input: 'hi', model: 'm' }, [says('user', 'hi')]],
    ['a prompt', { prompt: 'hi' }, [says('user', 'hi')]],
    ['prompts', { prompts: ['a', 'b'] }, [says('user', 'a'), says('user', 'b')]],
    ['messages of LangChain', { messages: [[langChain('HumanMessage', { content: 'hi' })]] }, [says('user', 'hi')]],
    ['plain messages of LangChain', [{ type: 'human', content: 'hi' }], [says('user', 'hi')]],
    ['older messages of LangChain', [{ type: 'ai', data: { content: 'hi' } }], [says('assistant', 'hi')]],
  ])('has %s', (_what, request, inputMessages) => {
    expect(readProviderRequest(request)).toEqual({ inputMessages });
  });

  it('has the items of a response', () => {
    const items: Json = [
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
      { type: 'reasoning', id: 'r', summary: [{ type: 'summary_text', text: 'so' }] },
      { type: 'function_call', id: 'x', call_id: 'c', name: 'f', arguments: '{"a":1}', status: 'completed' },
      { type: 'function_call_output', call_id: 'c', output: '[1]' },
      { type: 'function_call_result', callId: 'd', name: 'g', output: { type: 'text', text: 'warm' } },
      { type: 'custom_tool_call', call_id: 'e', name: 'h', input: 'raw' },
    ];
    expect(readProviderRequest({ input: items })?.inputMessages).toEqual([
      says('user', 'hi'),
      { role: 'assistant', parts: [{ type: 'reasoning', content: 'so' }] },
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'c', name: 'f', arguments: { a: 1 } }] },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c', result: [1] }] },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'd', name: 'g', result: 'warm' }] },
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'e', name: 'h', arguments: 'raw' }] },
    ]);
  });

  it('has calls and results of LangChain', () => {
    const messages = [
      langChain('AIMessage', { content: '', tool_calls: [{ id: 'c', name: 'f', args: { a: 1 } }] }),
      langChain('AIMessage', {
        content: '',
        additional_kwargs: { tool_calls: [{ id: 'd', function: { name: 'g', arguments: '{}' } }] },
      }),
      langChain('AIMessage', {
        content: [{ type: 'tool_use', id: 'e', name: 'h', input: {} }],
        tool_calls: [{ id: 'e', name: 'h', args: {} }],
      }),
      langChain('ToolMessage', { content: 'warm', tool_call_id: 'c', name: 'f' }),
      langChain('ChatMessageChunk', { content: 'hi', role: 'user' }),
    ];
    expect(readProviderRequest({ messages })?.inputMessages).toEqual([
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'c', name: 'f', arguments: { a: 1 } }] },
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'd', name: 'g', arguments: {} }] },
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'e', name: 'h', arguments: {} }] },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c', name: 'f', result: 'warm' }] },
      says('user', 'hi'),
    ]);
  });

  it.each(['system', 'instructions'])('has what stands beside the messages: %s', (key) => {
    const tools = [{ name: 'f' }];
    expect(readProviderRequest({ messages: [{ role: 'user', content: 'hi' }], [key]: 'be', tools })).toEqual({
      inputMessages: [says('user', 'hi')],
      systemInstructions: [says('system', 'be')],
      toolDefinitions: tools,
    });
  });

  it.each<[Json]>([[{}], [[]], ['hi'], [42], [null], [{ messages: [{ a: 1 }] }], [{ input: { a: 1 } }], [[1, 2]]])(
    'is not %j',
    (value) => {
      expect(readProviderRequest(value)).toBeUndefined();
    },
  );
});

describe('a response of a model', () => {
  it('may be a chat completion', () => {
    const message = { role: 'assistant', content: 'hi' };
    const head = { id: 'chatcmpl-1', model: 'm-1', service_tier: 'flex' };
    expect(readProviderResponse({ ...head, choices: [{ index: 0, message, finish_reason: 'length' }] })).toEqual({
      ...{ responseId: 'chatcmpl-1', responseModel: 'm-1', serviceTier: 'flex', finishReasons: ['length'] },
      outputMessages: [says('assistant', 'hi')],
    });
    expect(readProviderResponse({ choices: [{ text: 'hi' }] })).toEqual({ outputMessages: [says('assistant', 'hi')] });
  });

  it('may be a message of Anthropic', () => {
    expect(
      readProviderResponse({
        ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'm-1', stop_reason: 'tool_use' },
        content: [
          { type: 'thinking', thinking: 'so' },
          { type: 'tool_use', id: 'c', name: 'f', input: { a: 1 } },
        ],
        usage: { service_tier: 'priority' },
      }),
    ).toEqual({
      ...{ responseId: 'msg_1', responseModel: 'm-1', serviceTier: 'priority', finishReasons: ['tool_calls'] },
      outputMessages: [
        {
          role: 'assistant',
          parts: [
            { type: 'reasoning', content: 'so' },
            { type: 'tool_call', id: 'c', name: 'f', arguments: { a: 1 } },
          ],
        },
      ],
    });
  });

  it('may be a response of OpenAI, whose items are one message', () => {
    expect(
      readProviderResponse({
        ...{ id: 'resp_1', object: 'response', model: 'm-1' },
        output: [
          { type: 'reasoning', summary: [{ type: 'summary_text', text: 'so' }] },
          { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'hi' }] },
        ],
      }),
    ).toEqual({
      ...{ responseId: 'resp_1', responseModel: 'm-1' },
      outputMessages: [
        {
          role: 'assistant',
          parts: [
            { type: 'reasoning', content: 'so' },
            { type: 'text', content: 'hi' },
          ],
        },
      ],
    });
  });

  describe('of LangChain', () => {
    const result = (kwargs: Record<string, Json>, more: Record<string, Json> = {}, info: Record<string, Json> = {}) =>
      readProviderResponse({
        generations: [
          [{ text: 'hi', message: langChain('AIMessage', { content: 'hi', ...kwargs }), generationInfo: info }],
        ],
        ...more,
      });

    it('has the answer', () => {
      expect(result({})).toEqual({ outputMessages: [says('assistant', 'hi')] });
      expect(readProviderResponse({ generations: [{ text: 'hi' }] })).toEqual({
        outputMessages: [says('assistant', 'hi')],
      });
    });

    it.each<[Record<string, Json>, Record<string, Json>, string | undefined]>([
      [{ id: 'chatcmpl-1' }, {}, 'chatcmpl-1'],
      [{ id: 'run-1', response_metadata: { id: 'msg_1' } }, {}, 'msg_1'],
      [{ id: 'chatcmpl-1', response_metadata: { id: 'msg_1' } }, {}, 'msg_1'],
      [{ id: 'run-1' }, {}, undefined],
      [{ id: 'lc_run--1' }, {}, undefined],
      [{ id: 'run-1' }, { llm_output: { id: 'chatcmpl-2' } }, 'chatcmpl-2'],
    ])('has the id that the provider gave: %j %j', (kwargs, more, id) => {
      expect(result(kwargs, more)?.responseId).toBe(id);
    });

    it.each<[Record<string, Json>, Record<string, Json>, Record<string, Json>]>([
      [{ response_metadata: { model_name: 'm-1' } }, {}, {}],
      [{ response_metadata: { model: 'm-1' } }, {}, {}],
      [{}, { llmOutput: { model_name: 'm-1' } }, {}],
      [{}, {}, { model_name: 'm-1' }],
    ])('has the model: %j %j %j', (kwargs, more, info) => {
      expect(result(kwargs, more, info)?.responseModel).toBe('m-1');
    });

    it('has why it ended', () => {
      expect(result({}, {}, { finish_reason: 'stop' })?.finishReasons).toEqual(['stop']);
      expect(result({ response_metadata: { stop_reason: 'end_turn' } })?.finishReasons).toEqual(['stop']);
    });
  });

  it.each<[Json]>([
    [{}],
    [[]],
    ['hi'],
    [null],
    [{ choices: [] }],
    [{ content: [] }],
    [{ output: [] }],
    [{ generations: [[]] }],
  ])('is not %j', (value) => {
    expect(readProviderResponse(value)).toBeUndefined();
  });

  it('tells how long written caches live', () => {
    const creation = { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 4 };
    expect(readCacheWrites({ usage: { cache_creation: creation } })).toEqual({ cacheWrite5m: 3n, cacheWrite1h: 4n });
    expect(readCacheWrites({ usage: {} })).toEqual({});
    expect(readCacheWrites(undefined)).toEqual({});
  });
});
