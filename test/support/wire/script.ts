/** What a wire server does with one request, in no protocol's own form. */
export type WireScript = WireReply | WireRefusal | WireRaw | WireHang;

/** Answers, as a stream where the request asks for one. */
export interface WireReply {
  /** A text is streamed word by word, a list piece by piece. */
  text?: string | readonly string[];
  /** What the model thinks aloud, before its text. */
  reasoning?: string | readonly string[];
  toolCalls?: readonly { id?: string; name: string; arguments: string | object }[];
  /** As the protocol names it. Left out: what goes with the reply. */
  finish?: string;
  /** As the protocol reports it; null: not reported. Left out: as many tokens as pieces. */
  usage?: Readonly<Record<string, unknown>> | null;
  /** The name the model answers with. Left out: as asked for. */
  model?: string;
  /** Until the reply's head. */
  headersMs?: number;
  /** From the head to the first piece. */
  firstTokenMs?: number;
  /** Between pieces. */
  gapMs?: number;
  /** Ends otherwise than with the end of the protocol, after so many pieces (left out: after all). */
  breaks?: {
    /** `socket`: the connection breaks. `end`: it ends cleanly, without the protocol's end. `hang`: nothing more comes. `error`: an error object within the stream. `garbage`: an event that is no JSON. */
    how: 'socket' | 'end' | 'hang' | 'error' | 'garbage';
    after?: number;
    /** Of `error`: the error object itself. Left out: an overloaded server's. */
    error?: Readonly<Record<string, unknown>>;
  };
  headers?: Readonly<Record<string, string>>;
}

export const wireFailures = [
  'rate_limited',
  'quota',
  'server_error',
  'overloaded',
  'auth',
  'forbidden',
  'context_too_long',
  'invalid_request',
  'not_found',
] as const;
export type WireFailure = (typeof wireFailures)[number];

/** Refuses with the status and body that the real provider has for it. */
export interface WireRefusal {
  fail: WireFailure;
  /** Instead of the provider's own words. */
  message?: string;
  /** Such as `retry-after`. */
  headers?: Readonly<Record<string, string>>;
}

/** Sends a body as it is. */
export interface WireRaw {
  raw: string | Uint8Array;
  status?: number;
  contentType?: string;
  headers?: Readonly<Record<string, string>>;
}

/** Takes the request and never answers. */
export interface WireHang {
  hang: true;
}

/** How a protocol writes a reply. */
export interface WireProtocol {
  /** Behind the server's origin; what clients take as base address. */
  basePath: string;
  path: string;
  /** The events of a stream, each as its bytes on the wire: a piece is what is paced. */
  frames(reply: WireReply, request: WireBody): { open: string; pieces: string[]; close: string };
  whole(reply: WireReply, request: WireBody): object;
  refusal(refusal: WireRefusal): { status: number; body: object };
  errorFrame(error: WireReply['breaks']): string;
}

/** A request's JSON body, as far as servers look at it. */
export type WireBody = Readonly<Record<string, unknown>>;

/** A text word by word, its blanks kept. */
export function piecesOf(text: string | readonly string[] | undefined): readonly string[] {
  if (text === undefined || text === '') return [];
  return typeof text === 'string' ? (text.match(/\s*\S+\s*$|\s*\S+/g) ?? [text]) : text;
}

/** The arguments of a tool call in pieces, as models write them. */
export function argumentPieces(args: string | object): string[] {
  const pieceLength = 12;
  const text = typeof args === 'string' ? args : JSON.stringify(args);
  return text.match(new RegExp(`[\\s\\S]{1,${pieceLength}}`, 'g')) ?? [];
}
