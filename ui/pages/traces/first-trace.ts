export type SnippetName = 'curl' | 'JavaScript' | 'Python';

export interface Snippet {
  /** What to install first; null where there is nothing. */
  install: string | null;
  code: string;
}

/** A first trace in three languages, to be run as it stands: the README's own. */
export function writeSnippets(otlpUrl: string): Record<SnippetName, Snippet> {
  return {
    curl: { install: null, code: writeCurl(otlpUrl) },
    JavaScript: {
      install: 'npm install @opentelemetry/sdk-trace-node @opentelemetry/exporter-trace-otlp-http',
      code: writeJavaScript(otlpUrl),
    },
    Python: {
      install: 'pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http',
      code: writePython(otlpUrl),
    },
  };
}

function writeCurl(otlpUrl: string): string {
  return `now=$(date +%s)
curl ${otlpUrl}/v1/traces -H 'content-type: application/json' -d '{
  "resourceSpans": [{
    "resource": { "attributes": [{ "key": "service.name", "value": { "stringValue": "my-agent" } }] },
    "scopeSpans": [{ "spans": [{
      "traceId": "'$(openssl rand -hex 16)'", "spanId": "'$(openssl rand -hex 8)'",
      "name": "chat gpt-4o-mini", "kind": 3,
      "startTimeUnixNano": "'$now'000000000", "endTimeUnixNano": "'$now'850000000",
      "attributes": [
        { "key": "gen_ai.operation.name", "value": { "stringValue": "chat" } },
        { "key": "gen_ai.provider.name", "value": { "stringValue": "openai" } },
        { "key": "gen_ai.request.model", "value": { "stringValue": "gpt-4o-mini" } },
        { "key": "gen_ai.usage.input_tokens", "value": { "intValue": "12" } },
        { "key": "gen_ai.usage.output_tokens", "value": { "intValue": "7" } },
        { "key": "gen_ai.input.messages", "value": { "stringValue": "[{\\"role\\":\\"user\\",\\"parts\\":[{\\"type\\":\\"text\\",\\"content\\":\\"What is the capital of France?\\"}]}]" } },
        { "key": "gen_ai.output.messages", "value": { "stringValue": "[{\\"role\\":\\"assistant\\",\\"parts\\":[{\\"type\\":\\"text\\",\\"content\\":\\"Paris.\\"}],\\"finish_reason\\":\\"stop\\"}]" } }
      ]
    }] }]
  }]
}'`;
}

function writeJavaScript(otlpUrl: string): string {
  return `import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';

const exporter = new OTLPTraceExporter({ url: '${otlpUrl}/v1/traces' });
const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
const text = (role, content) => JSON.stringify([{ role, parts: [{ type: 'text', content }] }]);

provider.getTracer('my-agent').startSpan('chat gpt-4o-mini', {
  attributes: {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-4o-mini',
    'gen_ai.usage.input_tokens': 14,
    'gen_ai.usage.output_tokens': 2,
    'gen_ai.input.messages': text('user', 'What is the capital of France?'),
    'gen_ai.output.messages': text('assistant', 'Paris.'),
  },
}).end();
await provider.shutdown();`;
}

function writePython(otlpUrl: string): string {
  return `from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter("${otlpUrl}/v1/traces")))
tracer = provider.get_tracer("my-agent")
agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "support"}
tool = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "lookup_order",
    "gen_ai.tool.call.arguments": '{"id": 1042}',
    "gen_ai.tool.call.result": '{"state": "shipped"}',
}
with tracer.start_as_current_span("invoke_agent support", attributes=agent):
    with tracer.start_as_current_span("execute_tool lookup_order", attributes=tool):
        pass
provider.shutdown()`;
}
