import { z } from 'zod';
import { describeChoice, duration, got, list, named, oneOf, pattern, strict, text, whole } from './fields.ts';
import { removeReferences } from './secrets.ts';

export const toolLimits = { headers: 50, args: 100, mcpTools: 200, urlLength: 2_000, responseBytes: 10 * 1024 * 1024 };

const toolTypes = ['http', 'mcp', 'agent'] as const;
const sideEffects = ['read', 'idempotent', 'write'] as const;
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** What stands for a reference and for a part of a path while the form of an address is checked. */
const standIn = 'x';

export const toolName = () =>
  pattern(
    /^[A-Za-z](?!.*__)[A-Za-z0-9_-]{0,47}$/,
    'a letter, then letters, digits, - and single _, 48 at most',
  ).describe('What the model calls it. Tools of an MCP server are named SERVER__TOOL.');

const url = (description: string) => {
  // An address may hold a key: it is not repeated.
  const error = ({ input }: { input?: unknown }) =>
    `${input === undefined ? 'is missing' : 'is wrong'}, allowed: an http or https address, such as https://example.com/orders/{order_id}`;
  return z.string({ error }).max(toolLimits.urlLength, { error }).refine(isAddress, { error }).describe(description);
};

/** A JSON Schema of an object, given as it is. */
export function objectSchema(description: string) {
  const error = 'must be a JSON Schema of an object: type: object, properties: …';
  return z
    .looseObject(
      {
        type: z.literal('object', { error }),
        properties: z.record(z.string(), z.unknown(), { error: 'must be an object' }).optional(),
        required: z.array(z.string(), { error: 'must be a list of names of properties' }).optional(),
      },
      { error },
    )
    .describe(description);
}

/** Not repeated when it is wrong. */
const secretText = z
  .string({ error: 'must be text' })
  .max(10_000, { error: 'must be text of 10,000 characters at most' });

const headers = named(pattern(/^[A-Za-z0-9-]{1,100}$/, 'names of letters, digits and -'), secretText, {
  max: toolLimits.headers,
  noun: 'headers',
}).describe('Sent with every request. A secret is a reference: Bearer ${env:NAME}.');

const timeout = duration({ min: '100ms', max: '10m' })
  .prefault('30s')
  .describe('The whole call. When it is reached, the model is told so.');

const sideEffect = oneOf(sideEffects).describe(
  'What a call does. read and idempotent calls may be repeated automatically; a write is never sent twice. Left out: read for GET, write for everything else.',
);

const retries = whole(0, 5)
  .default(2)
  .describe('How often a failed read or idempotent call is repeated; never a write.');

const maxResponseBytes = whole(1, toolLimits.responseBytes)
  .default(65_536)
  .describe('What the model sees of a response at most; the rest is cut with a notice.');

const httpTool = strict({
  type: z.literal('http'),
  name: toolName(),
  description: text(2_000).describe('Tells the model what it is for.'),
  method: oneOf(methods).default('GET'),
  url: url(
    'Parts in braces, {order_id}, are filled in from the input. What is left of the input goes into the query of GET and DELETE, into a JSON body of the others.',
  ),
  headers: headers.optional(),
  input: objectSchema('JSON Schema of what the model must give.').optional(),
  timeout,
  retries,
  sideEffect: sideEffect.optional(),
  maxResponseBytes,
  allowPrivateAddress: z
    .boolean({ error: ({ input }) => `is wrong${got(input)}, allowed: true, false` })
    .default(false)
    .describe('Whether the address may be of this machine or a private network.'),
});

const mcpTool = strict({
  type: z.literal('mcp'),
  name: toolName(),
  url: url('Of a server that speaks Streamable HTTP. Exactly one of url and command.').optional(),
  command: text(500).describe('Starts a server that speaks on standard input and output.').optional(),
  args: list(z.string({ error: 'must be text' }), toolLimits.args, 'arguments').optional(),
  env: named(pattern(/^[A-Za-z_][A-Za-z0-9_]*$/, 'names of variables'), secretText, {
    max: toolLimits.headers,
    noun: 'variables',
  })
    .describe('The environment of the command. It sees nothing else of the runtime’s.')
    .optional(),
  headers: headers.optional(),
  allow: list(text(100), toolLimits.mcpTools, 'tools')
    .describe('Only these tools of the server. Left out: all of them.')
    .optional(),
  deny: list(text(100), toolLimits.mcpTools, 'tools').describe('None of these tools.').optional(),
  timeout,
  retries,
  sideEffect: sideEffect
    .describe('Of all its tools: what a server says of itself is a hint, not a promise. Left out: write.')
    .optional(),
  maxResponseBytes,
  allowPrivateAddress: z
    .boolean({ error: ({ input }) => `is wrong${got(input)}, allowed: true, false` })
    .default(false)
    .describe('Whether the address may be of this machine or a private network.'),
}).superRefine((tool, context) => {
  const isStdio = tool.command !== undefined;
  if (isStdio === (tool.url !== undefined)) {
    context.addIssue({ code: 'custom', path: [], message: 'needs exactly one of url, command' });
    return;
  }
  const misplaced = isStdio ? (['headers'] as const) : (['args', 'env'] as const);
  for (const key of misplaced) {
    if (tool[key] === undefined) continue;
    context.addIssue({ code: 'custom', path: [key], message: `goes with ${isStdio ? 'url' : 'command'} only` });
  }
});

const agentTool = strict({
  type: z.literal('agent'),
  name: toolName(),
  description: text(2_000).describe('Tells the model when to hand over.'),
  agent: text(64).describe('The name of another agent of the same folder.'),
  timeout: duration({ min: '1s', max: '1h' }).prefault('5m').describe('Its whole turn.'),
});

export const tool = z
  .discriminatedUnion('type', [httpTool, mcpTool, agentTool], {
    error: ({ input }) =>
      typeof input === 'object' && input !== null && !Array.isArray(input)
        ? describeChoice((input as { type?: unknown }).type, toolTypes)
        : `must be an object${got(input)} with a type of ${toolTypes.join(', ')}`,
  })
  .describe('An HTTP endpoint, the tools of an MCP server, or another agent.');

export type Tool = z.infer<typeof tool>;

function isAddress(value: string): boolean {
  const whole = removeReferences(value, (fallback) => (fallback === undefined || fallback === '' ? standIn : fallback));
  const address = value.startsWith('${env:') && whole.startsWith(standIn) ? `http://${whole}` : whole;
  const filled = address.replaceAll(/\{[^{}]*\}/g, standIn);
  return /^https?:\/\/[^/]/.test(filled) && !/[\s{}]/.test(filled) && URL.canParse(filled);
}
