import { describe, expect, it } from 'vitest';
import { groupAttributes, textOf } from '../../../../../ui/trace/detail/attribute-groups.ts';
import { listTabs } from '../../../../../ui/trace/detail/detail-tabs.ts';
import { listParameters } from '../../../../../ui/trace/detail/parameters.ts';
import { makeDetail as detail } from './detail-fixture.ts';

describe('the tabs of a span', () => {
  it('are those that have something to show', () => {
    expect(listTabs(detail({}))).toEqual(['Attributes', 'Mapping', 'Raw']);
    expect(listTabs(detail({ missingMessages: 2 }))).toEqual(['Messages', 'Attributes', 'Mapping', 'Raw']);
    expect(listTabs(detail({ inputValue: false }))).toEqual(['Messages', 'Attributes', 'Mapping', 'Raw']);
    expect(listTabs(detail({ links: [{ traceId: 'a', spanId: 'b', attributes: {} }] }))).toContain('Events');
  });

  it('explain the cost where a span has usage', () => {
    const usage = {
      ...{ modelCalls: 0, inputTokens: 0, outputTokens: 0 },
      ...{ cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 },
    };
    expect(listTabs(detail({ usage }))).toEqual(['Cost', 'Attributes', 'Mapping', 'Raw']);
  });

  it('begin with the payload of a tool', () => {
    const messages = { inputMessages: [{ role: 'user', parts: [] }] };
    expect(listTabs(detail({ ...messages, kind: 'tool', toolResult: 0 }))).toEqual([
      'Tool',
      'Messages',
      'Attributes',
      'Mapping',
      'Raw',
    ]);
    expect(listTabs(detail({ ...messages, kind: 'llm', toolResult: 0 }))[0]).toBe('Messages');
  });
});

describe('parameters', () => {
  it('are read from every convention, without the model', () => {
    const attributes = {
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.request.temperature': 0.2,
      'gen_ai.request.stop_sequences': ['END'],
      'llm.invocation_parameters':
        '{"model":"gpt-4o","top_p":0.9,"tools":[' + '{"name":"a tool with a long schema"},'.repeat(9) + '1]}',
      'server.address': 'api.openai.com',
    };
    expect(listParameters(detail({ attributes, stream: true })).map(({ name, value }) => `${name} ${value}`)).toEqual([
      'stop_sequences ["END"]',
      'stream true',
      'temperature 0.2',
      'top_p 0.9',
    ]);
  });
});

describe('attributes', () => {
  const attributes = { 'http.url': 'https://a.example', plain: true, 'app.id': 7, 'http.method': 'GET' };

  it('stand in groups by the first part of their keys', () => {
    const groups = groupAttributes(attributes, '');
    expect(groups.map(({ prefix, entries }) => [prefix, entries.map(({ key }) => key)])).toEqual([
      ['app', ['app.id']],
      ['http', ['http.method', 'http.url']],
      ['', ['plain']],
    ]);
  });

  it('are found by key and by value', () => {
    expect(groupAttributes(attributes, 'EXAMPLE').flatMap(({ entries }) => entries)).toHaveLength(1);
    expect(groupAttributes(attributes, 'http.m').flatMap(({ entries }) => entries)).toHaveLength(1);
    expect(groupAttributes(attributes, 'nothing')).toEqual([]);
  });

  it('are copied bare where they are text, else as JSON', () => {
    expect([textOf('a "b"'), textOf(5), textOf(['x'])]).toEqual(['a "b"', '5', '["x"]']);
  });
});
