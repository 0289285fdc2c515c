import { describe, expect, it } from 'vitest';
import { readSpan } from '../../../../../collector/map/conventions.ts';
import { mcp } from '../../../../../collector/map/conventions/mcp.ts';
import { mapSpan } from '../../../../../collector/map/span.ts';
import { describeConvention } from '../describe-convention.ts';
import { spanOf } from '../otlp-fixture.ts';

const call = { 'mcp.method.name': 'tools/call' };

describeConvention(mcp, [
  ['kind', { 'mcp.method.name': 'tools/call' }, 'tool'],
  ['kind', { 'mcp.method.name': 'resources/read' }, 'retriever'],
  ['kind', { 'mcp.method.name': 'initialize' }, 'other'],
  ['operation', { 'mcp.method.name': 'tools/list' }, 'tools/list'],
  ['toolName', { ...call, 'mcp.tool.name': 'search' }, 'search'],
  ['toolName', call, 'get_weather', { name: 'tools/call get_weather' }],
  ['toolName', { 'mcp.method.name': 'prompts/get' }, undefined, { name: 'prompts/get greeting' }],
  [
    'toolArguments',
    { ...call, 'mcp.request.argument.city': 'Paris', 'mcp.request.argument.n': 2 },
    { city: 'Paris', n: 2 },
  ],
  [
    'toolResult',
    { ...call, 'mcp.tool.result.content': '[{"type":"text","text":"18"}]' },
    [{ type: 'text', text: '18' }],
  ],
  ['inputValue', { 'mcp.method.name': 'resources/read', 'mcp.resource.uri': 'file:///a.md' }, 'file:///a.md'],
  ['outputValue', { 'mcp.response.value': '{"tools":[]}' }, { tools: [] }],
  ['hasFailed', { ...call, 'rpc.response.status_code': '-32602' }, true],
  ['hasFailed', { ...call, 'mcp.tool.result.is_error': true }, true],
  ['hasFailed', { ...call, 'rpc.response.status_code': '200' }, undefined],
  ['errorType', { ...call, 'rpc.response.status_code': -32602 }, '-32602'],
  ['errorType', { ...call, 'mcp.tool.result.is_error': 'true' }, 'tool_error'],
]);

describe('a span of MCP', () => {
  it('has no session of a user', () => {
    const { reading } = readSpan(spanOf({ ...call, 'mcp.session.id': '5f0c' }));
    expect(reading.sessionId).toBeUndefined();
  });

  it('is read in the names of OpenTelemetry where it has them', () => {
    const { row } = mapSpan(
      spanOf(
        {
          ...call,
          'gen_ai.operation.name': 'execute_tool',
          'gen_ai.tool.name': 'get_weather',
          'gen_ai.tool.call.arguments': '{"city":"Paris"}',
          'gen_ai.tool.call.result': '{"content":[]}',
          'mcp.session.id': '5f0c',
          'error.type': 'tool_error',
        },
        { name: 'tools/call get_weather' },
      ),
      'p',
    );
    expect(row).toMatchObject({
      ...{ kind: 'tool', operation: 'execute_tool', tool_name: 'get_weather', tool_arguments: '{"city":"Paris"}' },
      ...{ tool_result: '{"content":[]}', session_id: '', status: 'error', error_type: 'tool_error' },
    });
    expect(row.attributes.get('mcp.session.id')).toBe('5f0c');
  });

  it('has failed where the protocol says so, though its status does not', () => {
    const { row } = mapSpan(spanOf({ ...call, 'rpc.response.status_code': '-32601' }), 'p');
    expect(row).toMatchObject({ status: 'error', error_type: '-32601' });
  });
});
