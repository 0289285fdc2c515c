import { expect, onTestFinished, test } from 'vitest';
import { ModelAdapters } from '../../../runtime/models/adapters.ts';
import type { ModelAdapter, ModelReply } from '../../../runtime/models/model.ts';
import { ModelFailure } from '../../../runtime/models/model-failure.ts';
import { anthropicWire } from '../../support/wire/anthropic.ts';
import { openaiWire } from '../../support/wire/openai.ts';
import type { WireReply } from '../../support/wire/script.ts';
import { startWireServer } from '../../support/wire/server.ts';

const reply: WireReply = {
  text: 'Zażółć 東京 🚀',
  reasoning: 'Hm.',
  toolCalls: [{ id: 'a', name: 'weather', arguments: { city: 'Ærø' } }],
};

// A stream that ends early must never pass for a whole answer, wherever it ends; one that is whole always must.
test.each([
  ['openai', openaiWire, '"finish_reason":"tool_calls"'],
  ['anthropic', anthropicWire, '"stop_reason":"tool_use"'],
] as const)('%s: cut behind every byte', async (protocol, wire, finish) => {
  const body = { model: 'm', stream: true, stream_options: { include_usage: true } };
  const { open, pieces, close } = wire.frames(reply, body);
  const bytes = Buffer.from([open, ...pieces, close].join(''));
  // The event with the reason must be there to its last brace.
  const wholeFrom = bytes.indexOf('\n', bytes.indexOf(finish));
  const server = await startWireServer({
    protocol,
    // The model's name says where.
    answer: ({ body: asked }) => ({ raw: bytes.subarray(0, Number(asked['model'])), contentType: 'text/event-stream' }),
  });
  onTestFinished(() => server.close());
  const adapters = new ModelAdapters({ OPENAI_BASE_URL: server.url, ANTHROPIC_BASE_URL: server.url });
  const [chain] = adapters.chainOfName(`${protocol}/m`);
  if (chain === undefined) throw new Error('no chain');

  const check = async (length: number) => {
    const { text, end, kind } = await read(chain.adapter, String(length));
    expect('Zażółć 東京 🚀'.startsWith(text)).toBe(true);
    if (length >= wholeFrom) {
      expect(end).toMatchObject({ text, toolCalls: [{ arguments: '{"city":"Ærø"}' }], finishReason: 'tool_calls' });
    } else {
      expect(end).toBeUndefined();
      expect(kind).toMatch(/^(cut_stream|malformed_reply)$/);
    }
  };
  const atOnce = 100;
  for (let from = 0; from <= bytes.length; from += atOnce) {
    const lengths = Array.from({ length: Math.min(atOnce, bytes.length + 1 - from) }, (_, i) => from + i);
    await Promise.all(lengths.map(check));
  }
  expect((await read(chain.adapter, String(bytes.length))).end?.usage).toBeDefined();
});

async function read(adapter: ModelAdapter, model: string) {
  let text = '';
  let end: ModelReply | undefined;
  try {
    for await (const event of adapter.stream({ model, messages: [], tools: [] }, new AbortController().signal)) {
      if (event.type === 'text') text += event.text;
      if (event.type === 'end') end = event.reply;
    }
    return { text, end };
  } catch (error) {
    if (!(error instanceof ModelFailure)) throw error;
    return { text, end, kind: error.kind };
  }
}
