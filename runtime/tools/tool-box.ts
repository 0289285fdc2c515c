import type { Tool as DeclaredTool } from '../definition/tool-schema.ts';
import { makeAgentTool, type RunAgent } from './agent-tool.ts';
import { bindHttpTool, ofProcess, type Surroundings } from './http-tool.ts';
import { type McpWarning, ServerUnavailableError } from './mcp-server.ts';
import { bindMcpServer, type BoundServer } from './mcp-tool.ts';
import { orAborted } from './or-aborted.ts';
import type { Tool, ToolBox } from './tool.ts';

/** A turn does not wait longer for a server that is still starting. */
const openWaitMs = 10_000;

interface Unavailable {
  name: string;
  message: string;
}

/**
 * Binds the declared tools of a revision to their environment. MCP servers are connected at the first `open`; a tool that cannot
 * be bound or a server that does not answer is `unavailable`, the others work.
 */
export function openToolBox(
  declared: readonly DeclaredTool[],
  options: {
    environment: NodeJS.ProcessEnv;
    runAgent: RunAgent;
    /** A tool changed behind our back, or a server offers what cannot be used. */
    onWarning: McpWarning;
    surroundings?: Surroundings;
  },
): ToolBox {
  const { environment, runAgent, onWarning, surroundings = ofProcess } = options;
  const tools: Tool[] = [];
  const faults: Unavailable[] = [];
  const servers: { name: string; bound: Exclude<BoundServer, { fault: string }> }[] = [];
  const closers: (() => void | Promise<void>)[] = [];
  for (const one of declared) {
    if (one.type === 'agent') {
      tools.push(makeAgentTool(one, runAgent));
      continue;
    }
    const bound =
      one.type === 'http'
        ? bindHttpTool(one, environment, surroundings)
        : bindMcpServer(one, environment, { onWarning, surroundings });
    if ('fault' in bound) faults.push({ name: one.name, message: bound.fault });
    else {
      closers.push(bound.close);
      if ('tool' in bound) tools.push(bound.tool);
      else servers.push({ name: one.name, bound });
    }
  }
  return {
    open: async (signal) => {
      const opened = await Promise.all(servers.map((server) => listServer(server, signal)));
      return {
        tools: [...tools, ...opened.flatMap((one) => ('tools' in one ? one.tools : []))],
        unavailable: [...faults, ...opened.flatMap((one) => ('message' in one ? [one] : []))],
      };
    },
    close: async () => {
      await Promise.all(closers.map(async (close) => close()));
    },
  };
}

async function listServer(
  { name, bound }: { name: string; bound: Exclude<BoundServer, { fault: string }> },
  signal: AbortSignal,
): Promise<{ tools: Tool[] } | Unavailable> {
  const listing = bound.server.listTools();
  try {
    const listed = await orAborted(listing, AbortSignal.any([signal, AbortSignal.timeout(openWaitMs)]));
    return { tools: listed.map(bound.makeTool) };
  } catch (error) {
    listing.catch(() => undefined);
    if (error instanceof ServerUnavailableError) return { name, message: bound.hide(error.message) };
    return { name, message: `it has not started within ${openWaitMs / 1_000} s` };
  }
}
