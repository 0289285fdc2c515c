/** The server of `mcp-tools.ts` on standard input and output. Writes the tools that were called to the file CALLS_FILE. */
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { makeMcpServer } from './mcp-tools.ts';

const text = (value: string) => ({ content: [{ type: 'text', text: value }] });
if (process.env['FAILS_TO_START'] !== undefined) {
  noteCall('start');
  console.error('first line\nError: no database at hand');
  process.exit(3);
}
console.error('noise '.repeat(100_000)); // no one must have to read it for the server to go on
console.log('this line is no message');
const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
child.unref();
if (process.env['IGNORES_ENDS'] !== undefined) {
  process.on('SIGTERM', () => undefined);
  setInterval(() => undefined, 1_000);
}

const state = {
  calls: [],
  lists: 0,
  descriptions: {},
  onCall: noteCall,
};
const server = makeMcpServer(state, {
  crash: () => process.exit(7),
  env: () => text(JSON.stringify(process.env)),
  child: () => text(JSON.stringify({ own: process.pid, child: child.pid })),
  invalid: (id) => {
    process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result: { content: 'no list' } })}\n`);
    return undefined;
  },
});
await server.connect(new StdioServerTransport());

function noteCall(name: string): void {
  appendFileSync(process.env['CALLS_FILE'] ?? '/dev/null', `${name}\n`);
}
