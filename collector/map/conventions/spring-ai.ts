import type { SpanKind } from '../names.ts';
import { identity, isTrue, oneOf } from '../readers.ts';
import { fromTable, name, row, whole } from '../table.ts';
import { structured } from '../value.ts';

const kinds: ReadonlyMap<string, SpanKind> = new Map(
  Object.entries<SpanKind>({
    chat_client: 'chain',
    advisor: 'chain',
    tool_call: 'tool',
    vector_store: 'retriever',
  }),
);

/**
 * Spring AI: what it adds to OpenTelemetry's names around the calls of models, whose spans have only those.
 * https://docs.spring.io/spring-ai/reference/observability/index.html
 */
export const springAi = fromTable({
  name: 'spring-ai',
  speaks: (source) => source.speaks('spring'),
  rows: [
    row('kind', 'spring.ai.kind', oneOf(kinds)),
    row('sessionId', 'spring.ai.chat.client.conversation.id', identity),
    row('stream', 'spring.ai.chat.client.stream', isTrue),
    name('toolName', 'spring.ai.tool.definition.name'),
    whole('toolArguments', 'spring.ai.tool.call.arguments', structured),
    whole('toolResult', 'spring.ai.tool.call.result', structured),
    whole('inputValue', 'db.vector.query.content', structured),
  ],
});
