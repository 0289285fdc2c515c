export type SnippetName = 'curl' | 'JavaScript' | 'Python';

/** A first trace in three languages: what to install, and what to run as it stands. */
export function writeSnippets(otlpUrl: string): Record<SnippetName, string> {
  return {
    curl: writeCurl(otlpUrl),
    JavaScript: writeJavaScript(otlpUrl),
    Python: writePython(otlpUrl),
  };
}

function writeCurl(otlpUrl: string): string {
  return `NOW=$(date +%s)
curl ${otlpUrl}/v1/traces -H 'content-type: application/json' -d '{
  "resourceSpans": [{
    "resource": { "attributes": [{ "key": "service.name", "value": { "stringValue": "hello" } }] },
    "scopeSpans": [{ "spans": [{
      "traceId": "'$(openssl rand -hex 16)'", "spanId": "'$(openssl rand -hex 8)'",
      "name": "chat gpt-5-mini", "kind": 3,
      "startTimeUnixNano": "'$((NOW - 2))'000000000", "endTimeUnixNano": "'$NOW'000000000",
      "attributes": [
        { "key": "gen_ai.operation.name", "value": { "stringValue": "chat" } },
        { "key": "gen_ai.provider.name", "value": { "stringValue": "openai" } },
        { "key": "gen_ai.request.model", "value": { "stringValue": "gpt-5-mini" } },
        { "key": "gen_ai.agent.name", "value": { "stringValue": "support" } },
        { "key": "gen_ai.usage.input_tokens", "value": { "intValue": "1100" } },
        { "key": "gen_ai.usage.output_tokens", "value": { "intValue": "84" } },
        { "key": "gen_ai.input.messages", "value": { "stringValue": "[{\\"role\\":\\"user\\",\\"parts\\":[{\\"type\\":\\"text\\",\\"content\\":\\"Where is my refund?\\"}]}]" } },
        { "key": "gen_ai.output.messages", "value": { "stringValue": "[{\\"role\\":\\"assistant\\",\\"parts\\":[{\\"type\\":\\"text\\",\\"content\\":\\"It is on its way.\\"}],\\"finish_reason\\":\\"stop\\"}]" } }
      ]
    }] }]
  }]
}'`;
}

function writeJavaScript(otlpUrl: string): string {
  return `// npm install @opentelemetry/api @opentelemetry/sdk-trace-node @opentelemetry/exporter-trace-otlp-proto
import { trace } from '@opentelemetry/api';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';

const exporter = new OTLPTraceExporter({ url: '${otlpUrl}/v1/traces' });
const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
provider.register();

trace.getTracer('hello').startActiveSpan('invoke_agent support', (span) => {
  span.setAttributes({
    'gen_ai.operation.name': 'invoke_agent',
    'gen_ai.agent.name': 'support',
    'gen_ai.input.messages': JSON.stringify([
      { role: 'user', parts: [{ type: 'text', content: 'Where is my refund?' }] },
    ]),
  });
  span.end();
});
await provider.shutdown();`;
}

function writePython(otlpUrl: string): string {
  return `# pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http
import json
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter("${otlpUrl}/v1/traces")))
trace.set_tracer_provider(provider)

with trace.get_tracer("hello").start_as_current_span("invoke_agent support") as span:
    span.set_attribute("gen_ai.operation.name", "invoke_agent")
    span.set_attribute("gen_ai.agent.name", "support")
    span.set_attribute("gen_ai.input.messages", json.dumps(
        [{"role": "user", "parts": [{"type": "text", "content": "Where is my refund?"}]}]))
provider.shutdown()`;
}
