export interface Endpoints {
  /** `http://host:4318`, OTLP/HTTP. */
  otlp: string;
  /** `http://host:4317`, OTLP/gRPC. */
  grpc: string;
  /** `http://host:4100/v1`, the agents' door. */
  door: string;
}

export interface ConnectOptions {
  endpoints: Endpoints;
  /** What is sent as the key; null where none is needed. */
  secret: string | null;
  /** Without a key, which project the spans go to. */
  project: string;
}

export const connectNames = [
  'OpenTelemetry JS',
  'OpenTelemetry Python',
  'OpenInference',
  'OpenLLMetry',
  'Langfuse',
  'LangSmith',
  'Vercel AI',
] as const;
export type ConnectName = (typeof connectNames)[number];

export interface ConnectSnippet {
  install: string | null;
  code: string;
  /** What it does, or where its spans go. */
  words: string;
}

/** Stands where a key belongs. */
export const keyPlaceholder = 'YOUR_KEY';

/**
 * The header of every exporter: the key, or in local mode the project where it is not the default one. Values are written as the
 * environment variable wants them: percent-encoded.
 */
export function writeHeaders({ secret, project }: Pick<ConnectOptions, 'secret' | 'project'>): string | null {
  if (secret !== null) return `authorization=Bearer%20${secret}`;
  return project === 'default' ? null : `x-sightglass-project=${encodeURIComponent(project)}`;
}

/** The environment that any OpenTelemetry SDK reads. */
export function writeEnvironment(options: ConnectOptions): string {
  const headers = writeHeaders(options);
  return [
    `export OTEL_EXPORTER_OTLP_ENDPOINT=${options.endpoints.otlp}`,
    'export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
    ...(headers === null ? [] : [`export OTEL_EXPORTER_OTLP_HEADERS="${headers}"`]),
  ].join('\n');
}

/** One empty request: the answer `{}` says that address and key are right. */
export function writeCurl(options: ConnectOptions): string {
  const header = headerLine(options);
  return [
    `curl -i ${options.endpoints.otlp}/v1/traces \\`,
    ...(header === null ? [] : [`  -H '${header}' \\`]),
    `  -H 'content-type: application/json' -d '{"resourceSpans":[]}'`,
  ].join('\n');
}

/** An agent of the runtime, through any OpenAI client. */
export function writeOpenAi({ endpoints, secret }: ConnectOptions): string {
  return `import OpenAI from 'openai';

const client = new OpenAI({ baseURL: '${endpoints.door}', apiKey: '${secret ?? 'none'}' });
const answer = await client.chat.completions.create({
  model: 'agent/hello',
  messages: [{ role: 'user', content: 'Hello' }],
});
console.log(answer.choices[0].message.content);`;
}

/** How each library is told where to send, and as whom. */
export function writeConnect(options: ConnectOptions): Record<ConnectName, ConnectSnippet> {
  const { endpoints, secret, project } = options;
  const environment = writeEnvironment(options);
  const header = headerPair(options);
  const traces = `${endpoints.otlp}/v1/traces`;
  const python = header === null ? '' : `, headers={"${header.name}": "${header.value}"}`;
  const javaScript = header === null ? '' : `, headers: { ${quoteName(header.name)}: '${header.value}' }`;
  const keyParts = splitKey(secret, project);
  return {
    'OpenTelemetry JS': {
      install: 'npm install @opentelemetry/sdk-node @opentelemetry/auto-instrumentations-node',
      words: 'The environment is enough; nothing of the program changes.',
      code: `${environment}\nnode --import @opentelemetry/auto-instrumentations-node/register agent.js`,
    },
    'OpenTelemetry Python': {
      install: 'pip install opentelemetry-distro opentelemetry-exporter-otlp opentelemetry-instrumentation-openai-v2',
      words: 'The environment is enough; content is recorded where it is asked for.',
      code: `${environment}\nexport OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true\nopentelemetry-instrument python agent.py`,
    },
    OpenInference: {
      install:
        'pip install openinference-instrumentation-openai opentelemetry-sdk opentelemetry-exporter-otlp-proto-http',
      words: 'The instrumentations of Arize and Phoenix, for OpenAI, LangChain, OpenAI Agents, MCP and others.',
      code: `from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider()
exporter = OTLPSpanExporter("${traces}"${python})
provider.add_span_processor(BatchSpanProcessor(exporter))
OpenAIInstrumentor().instrument(tracer_provider=provider)`,
    },
    OpenLLMetry: {
      install: 'pip install traceloop-sdk',
      words: 'Traceloop’s SDK sends to any OTLP address.',
      code: `from traceloop.sdk import Traceloop

Traceloop.init(app_name="my-agent", api_endpoint="${endpoints.otlp}"${python})`,
    },
    Langfuse: {
      install: 'pip install langfuse',
      words:
        secret === null
          ? 'Its exporters send to their own path below the address; in local mode any pair of keys does.'
          : 'Its exporters sign with two keys: the id of the key and the rest of it.',
      code: `export LANGFUSE_BASE_URL=${endpoints.otlp}
export LANGFUSE_PUBLIC_KEY=${keyParts.id}
export LANGFUSE_SECRET_KEY=${keyParts.secret}`,
    },
    LangSmith: {
      install: 'pip install "langsmith[otel]"',
      words: 'With OpenTelemetry as its transport, LangChain and LangGraph included.',
      code: `export LANGSMITH_TRACING=true
export LANGSMITH_OTEL_ENABLED=true
export LANGSMITH_OTEL_ONLY=true
${environment}`,
    },
    'Vercel AI': {
      install: 'npm install ai @opentelemetry/sdk-node @opentelemetry/exporter-trace-otlp-proto',
      words: 'Any provider; each call says with its telemetry setting that it is to be recorded.',
      code: `import { NodeSDK } from '@opentelemetry/sdk-node';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';

const traceExporter = new OTLPTraceExporter({ url: '${traces}'${javaScript} });
new NodeSDK({ serviceName: 'my-agent', traceExporter }).start();

// With each call:
// generateText({ model, prompt, experimental_telemetry: { isEnabled: true } });`,
    },
  };
}

function headerPair({ secret, project }: ConnectOptions): { name: string; value: string } | null {
  if (secret !== null) return { name: 'authorization', value: `Bearer ${secret}` };
  return project === 'default' ? null : { name: 'x-sightglass-project', value: project };
}

function headerLine(options: ConnectOptions): string | null {
  const header = headerPair(options);
  return header === null ? null : `${header.name}: ${header.value}`;
}

function quoteName(name: string): string {
  return /^[a-z]+$/.test(name) ? name : `'${name}'`;
}

/** `sg-ID-REST`: what Basic wants in two parts. */
function splitKey(secret: string | null, project: string): { id: string; secret: string } {
  if (secret === null) return { id: project, secret: 'none' };
  const [, id, rest] = /^sg-([0-9a-f]{12})-(.+)$/.exec(secret) ?? [];
  return id === undefined || rest === undefined ? { id: 'YOUR_KEY_ID', secret: keyPlaceholder } : { id, secret: rest };
}
