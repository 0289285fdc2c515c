import type { IncomingMessage } from 'node:http';
import { type HttpClient, type HttpRequest, HttpRequestError } from './http-client.ts';

const redirectsMax = 3;
const redirectStatuses = [301, 302, 303, 307, 308];

/** A redirect that is not followed. */
export class RedirectError extends Error {
  override readonly name = 'RedirectError';
  readonly reason: 'foreign' | 'too_many' | 'malformed';

  constructor(reason: RedirectError['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * Sends a request and follows up to three redirects of the same host and port; every address is checked anew. Throws a
 * RedirectError for others, or an HttpRequestError.
 */
export async function sendFollowing(client: HttpClient, request: HttpRequest): Promise<IncomingMessage> {
  let current = request;
  for (let followed = 0; ; followed += 1) {
    const response = await client.send(current).catch((error: unknown) => {
      if (followed === 0 || !(error instanceof HttpRequestError)) throw error;
      throw new HttpRequestError(error.reason, error.message, { wasSent: true }); // the first request was
    });
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    if (!redirectStatuses.includes(status) || location === undefined) return response;
    response.destroy();
    const url = URL.parse(location, current.url);
    if (url === null) throw new RedirectError('malformed', `HTTP ${status} leads to no valid address`);
    if (!staysWithin(current.url, url)) {
      const to = url.host === '' ? url.protocol : url.host;
      throw new RedirectError('foreign', `HTTP ${status} leads to another place (${to}), which is not followed`);
    }
    if (followed === redirectsMax) throw new RedirectError('too_many', `more than ${redirectsMax} redirects`);
    current = { ...current, url, ...changeMethod(current, status) };
  }
}

/** The same host and port, or the change from http to https on their own ports. */
function staysWithin(from: URL, to: URL): boolean {
  const isUpgrade = from.protocol === 'http:' && to.protocol === 'https:' && from.port === '' && to.port === '';
  const sameScheme = from.protocol === to.protocol && from.port === to.port;
  const sameUser =
    (to.username === '' && to.password === '') || (to.username === from.username && to.password === from.password);
  return from.hostname === to.hostname && (sameScheme || isUpgrade) && sameUser;
}

/** As browsers do: 303 asks for the result with GET, and so do 301 and 302 after a POST. */
function changeMethod({ method, headers }: HttpRequest, status: number): Partial<HttpRequest> {
  const becomesGet = (status === 303 && method !== 'GET') || ((status === 301 || status === 302) && method === 'POST');
  if (!becomesGet) return {};
  const kept = Object.entries(headers).filter(([name]) => name !== 'content-type' && name !== 'idempotency-key');
  return { method: 'GET', body: undefined, headers: Object.fromEntries(kept) };
}
