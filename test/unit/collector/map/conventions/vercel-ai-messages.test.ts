import { describe, expect, it } from 'vitest';
import {
  readAnswer,
  readModelMessages,
  readPrompt,
  readSystem,
} from '../../../../../collector/map/conventions/vercel-ai-messages.ts';

describe('messages of the AI SDK', () => {
  it.each([
    ['version 6', { input: { city: 'Paris' } }],
    ['version 5, as text', { input: '{"city":"Paris"}' }],
    ['version 4', { args: { city: 'Paris' } }],
  ])('have tool calls as in %s', (_version, given) => {
    const call = { type: 'tool-call', toolCallId: 'c1', toolName: 'weather', ...given };
    expect(
      readModelMessages([{ role: 'assistant', content: [{ type: 'text', text: 'Let me' }, call] }], 'user'),
    ).toEqual([
      {
        role: 'assistant',
        parts: [
          { type: 'text', content: 'Let me' },
          { type: 'tool_call', id: 'c1', name: 'weather', arguments: { city: 'Paris' } },
        ],
      },
    ]);
  });

  it.each([
    [{ output: { type: 'json', value: { t: 18 } } }, { result: { t: 18 } }],
    [{ output: { type: 'text', value: '18°C' } }, { result: '18°C' }],
    [{ output: { type: 'error-text', value: 'no such city' } }, { result: 'no such city', is_error: true }],
    [
      { output: { type: 'execution-denied', reason: 'not now' } },
      { result: { type: 'execution-denied', reason: 'not now' } },
    ],
    [{ result: { t: 18 } }, { result: { t: 18 } }],
    [
      { result: 'failed', isError: true },
      { result: 'failed', is_error: true },
    ],
  ])('have results of tools: %j', (sent, read) => {
    const part = { type: 'tool-result', toolCallId: 'c1', toolName: 'weather', ...sent };
    expect(readModelMessages([{ role: 'tool', content: [part] }], 'user')).toEqual([
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', name: 'weather', ...read }] },
    ]);
  });

  it.each<[Record<string, unknown>, Record<string, unknown>]>([
    [
      { type: 'file', mediaType: 'image/png', data: 'iVBO' },
      { modality: 'image', mime_type: 'image/png', content: 'iVBO' },
    ],
    [
      { type: 'file', mimeType: 'application/pdf', data: 'JVBE' },
      { modality: 'file', mime_type: 'application/pdf', content: 'JVBE' },
    ],
    [
      { type: 'file', mediaType: 'audio/wav', data: 'https://x.test/a.wav' },
      { modality: 'audio', mime_type: 'audio/wav', uri: 'https://x.test/a.wav' },
    ],
    [
      { type: 'image', image: 'data:image/gif;base64,R0lG' },
      { modality: 'image', mime_type: 'image/gif', content: 'R0lG' },
    ],
    [
      { type: 'image', image: 'https://x.test/a.png' },
      { modality: 'image', mime_type: null, uri: 'https://x.test/a.png' },
    ],
    [
      { type: 'file', mediaType: 'video/mp4', data: { type: 'url', url: 'https://x.test/v' } },
      { modality: 'video', mime_type: 'video/mp4', uri: 'https://x.test/v' },
    ],
    [
      { type: 'image', image: { 0: 71, 1: 73, 2: 70 } },
      { modality: 'image', mime_type: null, content: 'R0lG' },
    ],
    [
      { type: 'file', mediaType: 'image/png', filename: 'a.png', data: { openai: 'file-1' } },
      { modality: 'image', mime_type: 'image/png', filename: 'a.png', reference: { openai: 'file-1' } },
    ],
  ])('have media: %j', (sent, read) => {
    expect(readModelMessages([{ role: 'user', content: [sent as never] }], 'user')).toEqual([
      { role: 'user', parts: [{ type: 'media', ...read }] },
    ]);
  });

  it('keep what has no place of its own', () => {
    const content = [
      { type: 'reasoning', text: 'hm', providerOptions: { anthropic: { signature: 's' } } },
      { type: 'tool-approval-request', approvalId: 'a', toolCallId: 'c1' },
    ];
    expect(readModelMessages([{ role: 'assistant', content, id: 'm1' }], 'user')).toEqual([
      {
        ...{ id: 'm1', role: 'assistant' },
        parts: [
          { type: 'reasoning', content: 'hm', providerOptions: { anthropic: { signature: 's' } } },
          { type: 'data', value: { type: 'tool-approval-request', approvalId: 'a', toolCallId: 'c1' } },
        ],
      },
    ]);
  });
});

describe('what a function of the AI SDK was called with', () => {
  const user = (content: string) => [{ role: 'user', parts: [{ type: 'text', content }] }];

  it.each([
    ['a prompt', { prompt: 'hi' }],
    ['messages', { messages: [{ role: 'user', content: 'hi' }] }],
    ['messages as the prompt', { prompt: [{ role: 'user', content: 'hi' }] }],
    ['the messages alone', [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }]],
    ['one message', { role: 'user', content: 'hi' }],
    ['text', 'hi'],
  ])('is read from %s', (_what, prompt) => {
    expect(readPrompt(prompt)).toEqual(user('hi'));
  });

  it.each([
    ['a text', 'be brief'],
    ['a message', { role: 'system', content: 'be brief' }],
    ['messages', [{ role: 'system', content: 'be brief' }]],
  ])('has the instructions beside it, as %s', (_what, system) => {
    expect(readSystem({ system, prompt: 'hi' })).toEqual([
      { role: 'system', parts: [{ type: 'text', content: 'be brief' }] },
    ]);
    expect(readPrompt({ system, prompt: 'hi' })).toEqual(user('hi'));
  });
});

describe('an answer of the AI SDK', () => {
  it('is one message of all its parts', () => {
    expect(
      readAnswer({
        ...{ reasoning: 'hm', text: 'Here', finishReason: 'tool-calls' },
        files: [{ type: 'file', mediaType: 'image/png', data: 'iVBO' }],
        toolCalls: [{ toolCallType: 'function', toolCallId: 'c1', toolName: 'f', args: '{"a":1}' }],
      }),
    ).toEqual([
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'hm' },
          { type: 'text', content: 'Here' },
          { type: 'media', modality: 'image', mime_type: 'image/png', content: 'iVBO' },
          { toolCallType: 'function', type: 'tool_call', id: 'c1', name: 'f', arguments: { a: 1 } },
        ],
        finish_reason: 'tool-calls',
      },
    ]);
  });

  it('is none where nothing is said', () => {
    expect(readAnswer({ text: '', reasoning: null, toolCalls: [], finishReason: 'error' })).toEqual([]);
  });
});
