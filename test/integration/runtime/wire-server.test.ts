import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { expect, onTestFinished, test } from 'vitest';
import { startWireServer } from '../../support/wire/server.ts';
import type { WireScript } from '../../support/wire/script.ts';

// The wire servers stand for the providers in all other tests: the providers' own packages must take them for real.

const whole = {
  text: 'It is sunny in Berlin.',
  reasoning: 'They ask about weather.',
  toolCalls: [
    { id: 'call_a', name: 'weather', arguments: { city: 'Berlin' } },
    { id: 'call_b', name: 'time', arguments: {} },
  ],
  firstTokenMs: 5,
  gapMs: 1,
};

async function start(protocol: 'openai' | 'anthropic', scripts: readonly WireScript[]) {
  const server = await startWireServer({ protocol, answer: (_request, n) => scripts[n] ?? { text: 'no script' } });
  onTestFinished(() => server.close());
  const options = { baseURL: server.url, apiKey: 'key-of-test', maxRetries: 0 };
  return { server, openai: new OpenAI(options), anthropic: new Anthropic(options) };
}

test('the openai package reads a stream with reasoning, text, parallel tool calls and usage', async () => {
  const { server, openai } = await start('openai', [whole]);
  const stream = openai.chat.completions.stream({
    model: 'gpt-test',
    messages: [{ role: 'user', content: 'Weather?' }],
    stream_options: { include_usage: true },
  });
  const { choices, usage } = await stream.finalChatCompletion();
  expect(choices[0]).toMatchObject({
    finish_reason: 'tool_calls',
    message: {
      content: whole.text,
      tool_calls: [
        { id: 'call_a', function: { name: 'weather', arguments: '{"city":"Berlin"}' } },
        { id: 'call_b', function: { name: 'time', arguments: '{}' } },
      ],
    },
  });
  expect(usage).toMatchObject({ prompt_tokens: 20, completion_tokens_details: { reasoning_tokens: 4 } });
  expect(server.requests[0]?.headers.authorization).toBe('Bearer key-of-test');
});

test('the openai package understands what refuses and what breaks', async () => {
  const { openai } = await start('openai', [
    { fail: 'quota' },
    { text: 'a b c', breaks: { how: 'error', after: 1 } },
    { text: 'a b c', breaks: { how: 'socket', after: 1 } },
  ]);
  const body = { model: 'gpt-test', messages: [{ role: 'user' as const, content: 'Hi' }] };
  await expect(openai.chat.completions.create(body)).rejects.toMatchObject({ status: 429, code: 'insufficient_quota' });
  await expect(openai.chat.completions.stream(body).finalContent()).rejects.toThrow(/server had an error/);
  await expect(openai.chat.completions.stream(body).finalContent()).rejects.toThrow(/terminated/);
});

test('the anthropic package reads a stream with thinking, text, parallel tool calls and usage', async () => {
  const { anthropic } = await start('anthropic', [whole]);
  const stream = anthropic.messages.stream({
    model: 'claude-test',
    max_tokens: 100,
    messages: [{ role: 'user', content: 'Weather?' }],
  });
  const message = await stream.finalMessage();
  expect(message).toMatchObject({
    stop_reason: 'tool_use',
    content: [
      { type: 'thinking', thinking: whole.reasoning },
      { type: 'text', text: whole.text },
      { type: 'tool_use', id: 'call_a', input: { city: 'Berlin' } },
      { type: 'tool_use', id: 'call_b', input: {} },
    ],
    usage: { input_tokens: 20 },
  });
});

test('the anthropic package understands what refuses and what breaks', async () => {
  const { anthropic } = await start('anthropic', [
    { fail: 'overloaded' },
    { text: 'a b c', breaks: { how: 'error', after: 1 } },
    { text: 'a b c', breaks: { how: 'socket', after: 1 } },
  ]);
  const body = { model: 'claude-test', max_tokens: 10, messages: [{ role: 'user' as const, content: 'Hi' }] };
  await expect(anthropic.messages.create(body)).rejects.toMatchObject({ status: 529, type: 'overloaded_error' });
  await expect(anthropic.messages.stream(body).finalText()).rejects.toMatchObject({ type: 'overloaded_error' });
  await expect(anthropic.messages.stream(body).finalText()).rejects.toThrow(/terminated/);
});

test('a client that leaves is seen', async () => {
  const { server, openai } = await start('openai', [{ text: 'a b c', breaks: { how: 'hang', after: 1 } }]);
  const stream = await openai.chat.completions.create({ model: 'm', messages: [], stream: true });
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content === 'a') break;
  await expect.poll(() => server.requests[0]?.wasLeft).toBe(true);
});
