import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { z } from 'zod';
import { listenLocally, type LocalServer } from './local-server.ts';
import { jsonResult, toolFault } from './mcp-results.ts';
import type { Customer, World } from './world.ts';

/** More clients than this at once are refused. */
const sessionsMax = 1_000;

/** The customer records, as an MCP server over Streamable HTTP at `/mcp`. It forgets notes when it ends. */
export function startCrm({ port, world }: { port: number; world: World }): Promise<LocalServer> {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const notes = new Map<string, string[]>();

  const openSession = async () => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await createServer(world, notes).connect(transport);
    return transport;
  };
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const id = request.headers['mcp-session-id'];
    const isNew = typeof id !== 'string';
    const known = isNew ? undefined : sessions.get(id);
    const transport = isNew && sessions.size < sessionsMax ? await openSession() : known;
    if (transport !== undefined) await transport.handleRequest(request, response);
    else if (isNew) refuse(response, 503, 'too many sessions');
    else refuse(response, 404, 'there is no such session');
  };
  return listenLocally('CRM', port, (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname === '/mcp') {
      handle(request, response).catch(() => refuse(response, 500, 'the request could not be answered'));
    } else refuse(response, 404, 'only /mcp');
  });
}

function createServer({ customers, orders }: World, notes: Map<string, string[]>): McpServer {
  const server = new McpServer({ name: 'demo-crm', version: '1.0.0' });
  const find = (id: string) => customers.find((one) => one.id === id);
  server.registerTool(
    'find_customer',
    {
      description: 'Finds a customer by e-mail address, name or customer number.',
      inputSchema: { who: z.string().min(2).describe('E-mail address, name or number such as c-204.') },
      annotations: { readOnlyHint: true },
    },
    ({ who }) => {
      const found = customers.filter((one) => isMeant(one, who));
      const [customer] = found;
      if (customer === undefined) return toolFault(`nobody found for ${who}`);
      if (found.length > 1) return jsonResult({ candidates: found.map(({ id, name, city }) => ({ id, name, city })) });
      const own = orders.filter(({ customerId }) => customerId === customer.id);
      return jsonResult({
        ...customer,
        orders: own.map(({ id, state, totalUsd }) => ({ id, state, totalUsd })),
        spentUsd: Number(own.reduce((sum, { totalUsd }) => sum + totalUsd, 0).toFixed(2)),
        notes: notes.get(customer.id) ?? [],
      });
    },
  );
  server.registerTool(
    'list_contacts',
    {
      description: 'Lists what was said and done with a customer lately.',
      inputSchema: { customer_id: z.string().regex(/^c-\d{3}$/) },
      annotations: { readOnlyHint: true },
    },
    ({ customer_id: id }) => {
      const customer = find(id);
      if (customer === undefined) return toolFault(`there is no customer ${id}`);
      const own = orders.filter(({ customerId }) => customerId === id).slice(0, 3);
      const contacts = own.map((order) => ({
        at: order.orderedAt,
        channel: Number(order.id) % 2 === 0 ? 'e-mail' : 'chat',
        about: `order ${order.id}, ${order.state}`,
      }));
      return jsonResult({ customer: customer.name, contacts, lastContact: contacts[0]?.at ?? 'never' });
    },
  );
  server.registerTool(
    'add_note',
    {
      description: 'Adds a note to the record of a customer.',
      inputSchema: { customer_id: z.string().regex(/^c-\d{3}$/), text: z.string().min(1).max(1_000) },
    },
    ({ customer_id: id, text }) => {
      const customer = find(id);
      if (customer === undefined) return toolFault(`there is no customer ${id}`);
      notes.set(id, [...(notes.get(id) ?? []), text].slice(-20));
      return jsonResult({ customer: customer.name, saved: true, notes: notes.get(id)?.length ?? 0 });
    },
  );
  return server;
}

function isMeant({ id, name, email }: Customer, who: string): boolean {
  const wanted = who.trim().toLowerCase();
  return (
    id === wanted || email === wanted || name.toLowerCase() === wanted || name.toLowerCase().split(' ').includes(wanted)
  );
}

function refuse(response: ServerResponse, status: number, message: string): void {
  if (!response.headersSent) response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ jsonrpc: '2.0', error: { code: -32_000, message }, id: null }));
}
