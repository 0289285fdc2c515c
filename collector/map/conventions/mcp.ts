import type { AnyValue } from '../../receive/otlp.ts';
import type { SpanKind } from '../names.ts';
import { isTrue } from '../readers.ts';
import type { Source } from '../source.ts';
import { derived, fromTable, name, row, type Row, whole } from '../table.ts';
import { structured, structuredContent, text } from '../value.ts';

const kinds: ReadonlyMap<string, SpanKind> = new Map([
  ['tools/call', 'tool'],
  ['resources/read', 'retriever'],
]);

/**
 * OpenTelemetry's conventions for the Model Context Protocol, for its clients and servers alike, and the names that were used
 * before them. `mcp.session.id` is not read: it is a session of the transport, not of a user.
 * https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md
 */
export const mcp = fromTable({
  name: 'mcp',
  speaks: (source) => source.speaks('mcp'),
  rows: [
    row('kind', 'mcp.method.name', (value) => kinds.get(text(value) ?? '') ?? 'other'),
    name('operation', 'mcp.method.name'),
    name('toolName', 'mcp.tool.name'),
    derived('toolName', 'name of the span', readTarget),
    argumentsUnder('mcp.request.argument.'),
    whole('toolResult', 'mcp.tool.result.content', structuredContent),
    row('inputValue', 'mcp.resource.uri', text),
    whole('outputValue', 'mcp.response.value', structured),
    row('hasFailed', 'rpc.response.status_code', (code) => isErrorCode(code) || undefined),
    row('hasFailed', 'mcp.tool.result.is_error', isTrue),
    row('errorType', 'rpc.response.status_code', (code) => (isErrorCode(code) ? text(code) : undefined)),
    row('errorType', 'mcp.tool.result.is_error', (value) => (isTrue(value) === true ? 'tool_error' : undefined)),
  ],
});

/** A span of a call is named after the tool: `tools/call get_weather`. */
function readTarget({ span }: Source): string | undefined {
  return /^tools\/call (.+)$/s.exec(span.name)?.[1];
}

/** Arguments that came in an attribute each. */
function argumentsUnder(prefix: string): Row {
  const keysOf = ({ attributes }: Source) => [...attributes.keys()].filter((key) => key.startsWith(prefix));
  return {
    field: 'toolArguments',
    from: `${prefix}*`,
    read(source) {
      const given = keysOf(source).map((key) => [key.slice(prefix.length), source.json(key)] as const);
      return given.length === 0 ? undefined : Object.fromEntries(given);
    },
    keys: keysOf,
    isWhole: true,
  };
}

/** JSON-RPC numbers its errors below zero. */
function isErrorCode(code: AnyValue): boolean {
  return /^-\d+$/.test(text(code) ?? '');
}
