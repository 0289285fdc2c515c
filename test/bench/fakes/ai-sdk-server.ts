// A chat endpoint as a team writes it with the AI SDK: `node ai-sdk-server.ts BASE_URL`. Prints `{"url":"…"}`, ends with its input.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { type ModelMessage, pipeUIMessageStreamToResponse, streamText, toUIMessageStream } from 'ai';

const provider = createOpenAICompatible({
  name: 'wire',
  baseURL: process.argv[2] ?? '',
  apiKey: 'none',
  includeUsage: true,
});

const server = createServer((incoming, response) => {
  void text(incoming).then((body) => {
    const { messages } = JSON.parse(body) as { messages: ModelMessage[] };
    const { stream } = streamText({
      model: provider.chatModel('fast'),
      instructions: 'Answer.',
      messages,
      maxRetries: 0,
    });
    return pipeUIMessageStreamToResponse({ response, stream: toUIMessageStream({ stream }) });
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', 4_096);
await once(server, 'listening');
console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
process.stdin.resume().once('end', () => process.exit(0));
