import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { isOwnHost, localDoor } from '../../../../collector/receive/door.ts';

const app = new Hono();
app.use(localDoor((c, { status, message }) => c.text(message, status)));
app.post('/', (c) => c.text('in'));

async function knock(headers: Record<string, string>): Promise<number> {
  return (await app.request('/', { method: 'POST', headers })).status;
}

describe('localDoor', () => {
  it.each(['localhost', 'localhost:4318', 'LOCALHOST:4318', '127.0.0.1', '127.0.0.1:4318', '[::1]', '[::1]:4318'])(
    'lets the host %s in',
    async (host) => {
      expect(await knock({ host })).toBe(200);
    },
  );

  it.each([
    'example.com',
    'localhost.example.com',
    'localhost.:4318',
    '127.0.0.1.nip.io',
    '127.0.0.2',
    '0.0.0.0',
    '[::2]',
    '::1',
    'localhost:4318:1',
    'localhost:99999999',
    'localhost@example.com',
    'example.com#localhost',
    '',
  ])('answers 421 to the host %j', async (host) => {
    expect(await knock({ host })).toBe(421);
    expect(isOwnHost(host)).toBe(false);
  });

  it.each([
    ['http://localhost:4318', 200],
    ['http://localhost', 403],
    ['http://localhost:4000', 403],
    ['https://localhost:4318', 403],
    ['http://127.0.0.1:4318', 403],
    ['http://evil.example', 403],
    ['null', 403],
    ['', 403],
  ])('answers the origin %j with %i', async (origin, status) => {
    expect(await knock({ host: 'localhost:4318', origin })).toBe(status);
  });

  it.each([
    ['cross-site', 403],
    ['same-site', 403],
    ['same-origin', 200],
    ['none', 200],
  ])('answers Sec-Fetch-Site %s with %i', async (site, status) => {
    expect(await knock({ host: 'localhost:4318', 'sec-fetch-site': site })).toBe(status);
  });
});
