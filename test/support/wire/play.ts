import type { ServerResponse } from 'node:http';
import type { WireBody, WireProtocol, WireReply } from './script.ts';

/** Sends a reply at its pace: as a stream where the request asks for one, else whole. */
export function playReply(
  response: ServerResponse,
  { protocol, reply, body }: { protocol: WireProtocol; reply: WireReply; body: WireBody },
): void {
  after(response, reply.headersMs ?? 0, () => {
    if (body['stream'] === true) {
      stream(response, reply, { protocol, body });
      return;
    }
    const { firstTokenMs = 0, breaks } = reply;
    if (breaks?.how === 'hang') return;
    after(response, firstTokenMs, () => {
      response.writeHead(200, { 'content-type': 'application/json', ...reply.headers });
      const text = JSON.stringify(protocol.whole(reply, body));
      if (breaks === undefined) response.end(text);
      else response.write(text.slice(0, text.length / 2), () => response.destroy());
    });
  });
}

function stream(
  response: ServerResponse,
  reply: WireReply,
  { protocol, body }: { protocol: WireProtocol; body: WireBody },
): void {
  const { firstTokenMs = 0, gapMs = 0, breaks } = reply;
  const { open, pieces, close } = protocol.frames(reply, body);
  const sent = pieces.slice(0, breaks?.after ?? pieces.length);
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    ...reply.headers,
  });
  response.write(open);
  const startMs = performance.now();
  let next = 0;
  // Pieces that are due by now go together: a busy machine keeps the pace and loses the gaps.
  const sendDue = () => {
    if (response.destroyed) return;
    const elapsedMs = performance.now() - startMs - firstTokenMs;
    const due = gapMs === 0 ? sent.length : Math.min(sent.length, Math.floor(elapsedMs / gapMs) + 1);
    if (due > next) response.write(sent.slice(next, due).join(''));
    next = Math.max(next, due);
    if (next < sent.length) setTimeout(sendDue, Math.max(0, startMs + firstTokenMs + next * gapMs - performance.now()));
    else end(response, breaks, { close, protocol });
  };
  after(response, firstTokenMs, sendDue);
}

function end(
  response: ServerResponse,
  breaks: WireReply['breaks'],
  { close, protocol }: { close: string; protocol: WireProtocol },
): void {
  switch (breaks?.how) {
    case undefined:
      response.end(close);
      break;
    case 'end':
      response.end();
      break;
    case 'error':
      response.end(protocol.errorFrame(breaks));
      break;
    case 'garbage':
      response.end(`event: message\ndata: {"id": "broken\n\n${close}`);
      break;
    case 'socket':
      // What was written before has left the process by then.
      response.write(': \n\n', () => response.destroy());
      break;
    case 'hang':
      break;
  }
}

function after(response: ServerResponse, delayMs: number, what: () => void): void {
  if (delayMs === 0) what();
  else
    setTimeout(() => {
      if (!response.destroyed) what();
    }, delayMs);
}
