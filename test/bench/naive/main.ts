// A straightforward pipeline to compare with: OTLP/HTTP by protobufjs, row objects, JSONEachRow, the whole text on the span.
// Arguments: the ClickHouse URL and its secret.
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectDatabase } from '../../support/database.ts';
import { NaiveBatcher } from './batcher.ts';
import { toNaiveRows } from './rows.ts';
import { naiveTableSql } from './table.ts';

const [url = '', secret = ''] = process.argv.slice(2);
const client = connectDatabase({ url, secret });
await client.command({ query: naiveTableSql });
const batcher = new NaiveBatcher(client);

const server = createServer((request, response) => {
  readBody(request)
    .then((body) => batcher.submit(toNaiveRows(body, 'default')))
    .then(
      () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end(),
      (error: unknown) => {
        console.error(error);
        response.writeHead(503).end();
      },
    );
});
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
});
process.stdin.on('end', () => process.exit(0)).resume();

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
