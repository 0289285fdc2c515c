import { request as httpRequest } from 'node:http';
import { describe, expect, it } from 'vitest';
import { newProjectId, useDatabase } from '../../support/database.ts';
import { environmentOf } from '../../support/pipeline.ts';
import { startProgram } from '../../support/program.ts';

describe('the server as a program', () => {
  const database = useDatabase();

  it('listens, is ready, serves the UI and its deep links, and drains with an open live stream', async () => {
    const server = await startProgram('server/main.ts', environmentOf(database));
    const project = newProjectId();
    const read = async (path: string, headers: Record<string, string> = {}) => fetch(server.url + path, { headers });
    expect((await read('/readyz')).status).toBe(200);

    for (const path of ['/', '/traces/4bf92f3577b34da6a3ce929d0e0e4736', '/sessions/a%2Fb']) {
      const page = await read(path);
      expect(page.status).toBe(200);
      expect(page.headers.get('cache-control')).toBe('no-cache');
      expect(page.headers.get('content-type')).toContain('text/html');
    }
    const html = await (await read('/')).text();
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1] ?? '';
    const asset = await read(script, { 'accept-encoding': 'gzip' });
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(asset.headers.get('content-encoding')).toBe('gzip');
    expect(asset.headers.get('content-security-policy')).toContain("script-src 'self';");
    expect((await read('/assets/missing.js')).status).toBe(404);

    const live = await read(`/api/live?project=${project}`);
    expect(live.headers.get('content-type')).toBe('text/event-stream');
    const started = Date.now();
    expect(await server.stop()).toBe(0);
    expect(Date.now() - started).toBeLessThan(4_000);
    expect(server.output()).not.toContain('error');
  });

  it('refuses foreign hosts, origins, sites and bodies on every path and method', async () => {
    const server = await startProgram('server/main.ts', environmentOf(database));
    const { port } = new URL(server.url);
    for (const path of [
      '/',
      '/healthz',
      '/readyz',
      '/api/traces',
      '/api/live',
      '/api/openapi.json',
      '/assets/a.js',
      '/nothing',
    ]) {
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
        const send = (headers: Record<string, string>, body?: string) => ask({ port, path, method, headers, body });
        expect(await send({ host: 'rebound.example' }), `${method} ${path}`).toBe(421);
        expect(await send({ host: `127.0.0.1.rebound.example:${port}` })).toBe(421);
        expect(await send({ origin: 'https://evil.example' }), `${method} ${path}`).toBe(403);
        expect(await send({ origin: 'null' })).toBe(403);
        expect(await send({ origin: 'http://127.0.0.1:1' })).toBe(403);
        expect(await send({ 'sec-fetch-site': 'cross-site' }), `${method} ${path}`).toBe(403);
        expect(await send({ 'content-type': 'text/plain' }, 'a=1'), `${method} ${path}`).toBe(415);
      }
    }
    expect(await ask({ port, path: '/healthz', method: 'GET', headers: { host: `localhost:${port}` } })).toBe(200);
    expect(await ask({ port, path: '/healthz', method: 'GET', headers: { host: `[::1]:${port}` } })).toBe(200);
    const own = { origin: `http://127.0.0.1:${port}`, 'sec-fetch-site': 'same-origin' };
    expect(await ask({ port, path: '/api/projects', method: 'GET', headers: own })).toBe(200);
    await server.stop();
  });
});

interface Asked {
  port: string;
  path: string;
  method: string;
  headers: Record<string, string>;
  body?: string | undefined;
}

/** `fetch` does not let a test choose these headers. */
function ask({ port, path, method, headers, body }: Asked): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = { ...headers, ...(body === undefined ? {} : { 'content-length': String(body.length) }) };
    const asked = httpRequest({ host: '127.0.0.1', port, path, method, headers: sent }, (response) => {
      response.resume();
      for (const name of Object.keys(response.headers)) {
        if (name.startsWith('access-control-')) reject(new Error(`${method} ${path} answers with ${name}`));
      }
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
