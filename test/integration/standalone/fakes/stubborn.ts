import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Never ends when it is asked to. */
const server = createServer((_request, response) => response.end('stubborn'));
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.send?.({ type: 'ready', url: `http://127.0.0.1:${port}` });
});
process.on('SIGTERM', () => console.log('no'));
process.on('disconnect', () => process.exit(0));
