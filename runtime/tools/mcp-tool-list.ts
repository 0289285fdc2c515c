import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Tool as DeclaredTool } from '../definition/tool-schema.ts';
import { toolLimits } from '../definition/tool-schema.ts';

export type DeclaredMcpTool = Extract<DeclaredTool, { type: 'mcp' }>;

/** What providers allow for names of functions. */
const modelName = /^[A-Za-z0-9_-]{1,64}$/;
const keptNameLength = 55;
const descriptionLengthMax = 4_000;
const schemaLengthMax = 100_000;

/** One tool of an MCP server. */
export interface ListedTool {
  /** As the server calls it. */
  remoteName: string;
  /** As the model calls it. */
  name: string;
  description: string | undefined;
  input: Record<string, unknown>;
  /** Of what the model reads of it: description and schema. */
  hash: string;
}

const describedTool = z.object({
  name: z.string().min(1),
  description: z.string().optional(),
  inputSchema: z.looseObject({ type: z.literal('object') }),
});

/** The tools of a server that an agent may use, and what is wrong with others. */
export function selectTools(
  listed: readonly unknown[],
  { name: server, allow, deny = [] }: Pick<DeclaredMcpTool, 'name' | 'allow' | 'deny'>,
): { tools: ListedTool[]; warnings: string[] } {
  const warnings: string[] = [];
  const tools = new Map<string, ListedTool>();
  for (const one of listed) {
    const { success, data } = describedTool.safeParse(one);
    if (!success) {
      warnings.push(`a tool of ${server} is left out: it has no name or its inputSchema is not of an object`);
      continue;
    }
    if ((allow !== undefined && !allow.includes(data.name)) || deny.includes(data.name)) continue;
    if (JSON.stringify(data.inputSchema).length > schemaLengthMax) {
      warnings.push(`${data.name} of ${server} is left out: its schema has more than ${schemaLengthMax} characters`);
      continue;
    }
    if (tools.size === toolLimits.mcpTools) {
      warnings.push(
        `${server} has more than ${toolLimits.mcpTools} tools, the others are left out: name those you need in allow`,
      );
      break;
    }
    const tool = readTool(server, data);
    if (tools.has(tool.name)) warnings.push(`${data.name} of ${server} is left out: the name comes twice`);
    else tools.set(tool.name, tool);
  }
  const found = new Set([...tools.values()].map(({ remoteName }) => remoteName));
  const absent = (allow ?? []).filter((one) => !found.has(one) && !deny.includes(one));
  if (absent.length > 0) warnings.push(`${server} has no ${absent.join(', ')}, which its allow names`);
  return { tools: [...tools.values()], warnings };
}

function readTool(server: string, { name, description, inputSchema }: z.infer<typeof describedTool>): ListedTool {
  return {
    remoteName: name,
    name: nameForModel(`${server}__${name}`),
    description: description?.slice(0, descriptionLengthMax),
    input: inputSchema,
    hash: hash(JSON.stringify([description, inputSchema])),
  };
}

/** Names that no provider would take are written otherwise, and still differ. */
function nameForModel(name: string): string {
  if (modelName.test(name)) return name;
  return `${name.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, keptNameLength)}_${hash(name).slice(0, 8)}`;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
