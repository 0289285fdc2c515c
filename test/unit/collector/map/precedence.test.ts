import { describe, expect, it } from 'vitest';
import { conventions, readSpan } from '../../../../collector/map/conventions.ts';
import { combine, type NamedReading, orders } from '../../../../collector/map/precedence.ts';
import type { Reading } from '../../../../collector/map/reading.ts';
import { spanOf } from './otlp-fixture.ts';

const read = (name: string, reading: Reading, content: NamedReading['content'] = {}): NamedReading => ({
  ...{ name, reading, content, sources: {} },
});

const message = (role: string) => [{ role, parts: [{ type: 'text', content: role }] }];

describe('orders', () => {
  it('name conventions that exist, each once', () => {
    const names = new Set(conventions.map(({ name }) => name));
    for (const order of Object.values(orders)) {
      expect(new Set(order).size).toBe(order.length);
      expect(order.filter((name) => !names.has(name))).toEqual([]);
    }
  });

  it.each<[keyof Reading, string, string]>([
    ['kind', 'openinference', 'otel-gen-ai'],
    ['kind', 'otel-gen-ai', 'traceloop'],
    ['kind', 'traceloop', 'mcp'],
    ['kind', 'traceloop-legacy', 'mcp'],
    ['requestModel', 'otel-gen-ai', 'openinference'],
    ['responseModel', 'otel-gen-ai', 'openinference'],
    ['inputMessages', 'otel-gen-ai', 'openinference'],
    ['outputMessages', 'otel-gen-ai', 'openinference'],
    ['inputMessages', 'openinference', 'traceloop-legacy'],
    ['inputMessages', 'traceloop-legacy', 'traceloop'],
    ['outputMessages', 'openinference', 'traceloop-legacy'],
    ['outputMessages', 'traceloop-legacy', 'traceloop'],
    ['sessionId', '', 'traceloop'],
    ['sessionId', 'traceloop', 'otel-gen-ai'],
    ['userId', '', 'traceloop'],
    ['userId', 'traceloop', 'openinference'],
    ['userId', 'traceloop', 'traceloop-legacy'],
    ['sessionId', '', 'otel-gen-ai'],
    ['sessionId', 'otel-gen-ai', 'openinference'],
    ['userId', '', 'openinference'],
    ['reportedCostUsd', 'openinference', 'otel-gen-ai'],
    ['provider', 'otel-gen-ai', 'openinference'],
    ['kind', 'openinference', 'mastra'],
    ['kind', 'mastra', 'vercel-ai'],
    ['kind', 'vercel-ai', 'langsmith'],
    ['kind', 'langsmith', 'otel-gen-ai'],
    ['requestModel', 'otel-gen-ai', 'vercel-ai'],
    ['requestModel', 'vercel-ai', 'openinference'],
    ['responseModel', 'otel-gen-ai', 'vercel-ai'],
    ['responseModel', 'vercel-ai', 'openinference'],
    ['inputMessages', 'openinference', 'vercel-ai'],
    ['inputMessages', 'vercel-ai', 'langfuse'],
    ['inputMessages', 'traceloop-legacy', 'otel-gen-ai-prompt'],
    ['outputMessages', 'vercel-ai', 'langfuse'],
    ['sessionId', 'traceloop', 'vercel-ai'],
    ['sessionId', 'vercel-ai', 'langsmith'],
    ['sessionId', 'langsmith', 'mastra'],
    ['sessionId', 'mastra', 'otel-gen-ai'],
    ['userId', 'traceloop', 'vercel-ai'],
    ['userId', 'vercel-ai', 'langsmith'],
    ['userId', 'langsmith', 'mastra'],
    ['userId', 'mastra', 'openinference'],
  ])('of %s believe %j before %j', (field, first, second) => {
    const values: Record<string, unknown> = { [first]: 'first', [second]: 'second' };
    if (field.endsWith('Messages')) Object.assign(values, { [first]: message('first'), [second]: message('second') });
    // As they stand in the list, whose order the field's own goes before.
    const readings = conventions
      .filter(({ name }) => name in values)
      .map(({ name }) => read(name, { [field]: values[name], usage: { input: 1n } }));
    const { reading, from } = combine(readings);
    expect(reading[field]).toEqual(values[first]);
    expect(from.get(field)).toBe(first);
  });
});

describe('several readings', () => {
  it('give what any of them has', () => {
    expect(
      combine([read('otel-gen-ai', { toolName: 'f' }), read('openinference', { agentName: 'a' })]).reading,
    ).toEqual({
      toolName: 'f',
      agentName: 'a',
    });
  });

  it.each([[''], [[]]])('pass over what is empty: %j', (empty) => {
    const readings = [
      read('otel-gen-ai', { provider: empty as string }),
      read('openinference', { provider: 'openai' }),
    ];
    expect(combine(readings).reading.provider).toBe('openai');
    expect(combine(readings.slice(0, 1)).reading.provider).toEqual(empty);
  });

  it('fill gaps in token counts, and add nothing', () => {
    const { reading } = combine([
      read('otel-gen-ai', { usage: { input: 100n, output: 10n } }),
      read('openinference', { usage: { input: 90n, output: 9n, cacheRead: 20n, reasoning: 5n } }),
      read('otel-gen-ai-aliases', { usage: { cacheRead: 30n, cacheWrite: 1n } }),
    ]);
    expect(reading.usage).toMatchObject({ input: 100n, output: 10n, cacheRead: 20n, reasoning: 5n, cacheWrite: 1n });
  });

  it('have the kind that one of them names, before what another looks like', () => {
    const likely = read('otel-gen-ai', { likelyKind: 'llm' });
    expect(combine([likely, read('invented', { kind: 'chain' })]).reading.kind).toBe('chain');
    expect(combine([likely]).reading.kind).toBe('llm');
  });

  it('do not repeat the instructions', () => {
    const instructions = read(
      'openinference',
      { systemInstructions: message('system') },
      { systemInstructions: ['s'] },
    );
    const both = combine([read('otel-gen-ai', { inputMessages: message('system') }), instructions]);
    expect(both.reading.systemInstructions).toBeUndefined();
    expect([...both.restated]).toEqual(['s']);
    const apart = combine([read('otel-gen-ai', { inputMessages: message('user') }), instructions]);
    expect(apart.reading.systemInstructions).toBeDefined();
    const own = { inputMessages: message('system'), systemInstructions: message('system') };
    expect(combine([read('otel-gen-ai', own)]).reading.systemInstructions).toBeDefined();
  });

  it('have no cost of 0 where no tokens are known', () => {
    expect(combine([read('openinference', { reportedCostUsd: 0 })]).reading.reportedCostUsd).toBeUndefined();
    const usage = { input: 0n };
    expect(combine([read('openinference', { reportedCostUsd: 0, usage })]).reading.reportedCostUsd).toBe(0);
  });

  it('need only the attributes of what was not taken', () => {
    const { carried, restated } = combine([
      read('otel-gen-ai', { inputMessages: message('user') }, { inputMessages: ['a'], toolResult: ['b'] }),
      read('openinference', { inputMessages: message('user') }, { inputMessages: ['c', 'd'] }),
    ]);
    expect([...carried]).toEqual(['a']);
    expect([...restated]).toEqual(['b', 'c', 'd']);
  });
});

describe('a span in two conventions', () => {
  it('is taken from both', () => {
    const span = spanOf({
      'openinference.span.kind': 'CHAIN',
      'gen_ai.operation.name': 'chat',
      'gen_ai.usage.input_tokens': 10,
      'llm.token_count.prompt': 11,
      'llm.token_count.prompt_details.cache_read': 4,
    });
    const { convention, reading } = readSpan(span);
    expect(convention).toBe('openinference');
    expect(reading).toMatchObject({ kind: 'chain', operation: 'chat', usage: { input: 10n, cacheRead: 4n } });
  });
});
