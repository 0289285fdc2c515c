import type { Findings } from './findings.ts';
import type { Signal } from './reply.ts';

/** By which way a request came; `http` where its encoding is none that is known. */
export type Protocol = 'http-protobuf' | 'http-json' | 'http' | 'grpc';

/** Who sent a request and how, as far as it can be known before its body is read. */
export interface Visitor {
  signal: Signal;
  protocol: Protocol;
  /** Undefined where the request names none, or was refused before that was asked. */
  projectId: string | undefined;
  userAgent: string | undefined;
  /** The key that it came with; absent in local mode, and for what was refused before that was known. */
  keyId?: string | undefined;
}

/** A body that was read and decided on for good. */
export interface HeldBody {
  bytes: number;
  findings: Findings;
  /** What became of what was taken: durable in ClickHouse or on disk, refused by ClickHouse, or of a kind that is not kept. */
  fate: 'stored' | 'spooled' | 'refused' | 'not_kept';
  /** How many of those that were taken ClickHouse then refused for good; its neighbours are not affected. */
  refusedRows: number;
  /** From the last byte of the body to its answer. */
  seconds: number;
}

/** Why a whole request was not taken. */
export interface RefusedRequest {
  /** As HTTP has it, whatever protocol it came by. */
  status: number;
  message: string;
}

/** Hears of requests when their answer is known. Must not throw. */
export interface RequestListener {
  /** Of each body whose items were decided on. */
  onHeld: (visitor: Visitor, held: HeldBody) => void;
  /** Of each request that was refused as a whole, for good or for now. */
  onRefused: (visitor: Visitor, refusal: RefusedRequest) => void;
}
