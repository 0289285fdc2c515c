import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Listens where its supervisor wants it and ends when told to, as every program of the product does. */
const port = Number(process.env['SIGHTGLASS_OTLP_HTTP_PORT']);
const server = createServer((_request, response) => response.end('obedient'));
server.listen(port, '127.0.0.1', () => {
  const { port: actual } = server.address() as AddressInfo;
  process.send?.({ type: 'ready', url: `http://127.0.0.1:${actual}` });
});
const end = () => {
  console.log('drained');
  process.exit(0);
};
process.on('SIGTERM', end);
process.on('disconnect', end);
