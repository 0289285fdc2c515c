import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSessionStore } from '../../runtime/sessions/open-store.ts';
import type { Claim, SessionStore } from '../../runtime/sessions/store.ts';
import { makeEnd, makeStep, makeTurn, queued } from './session-stores.ts';

/** What a worker was told by its store, one JSON a line; written before it does anything else. */
export type WorkerNote =
  | { type: 'accepted'; sessionId: string; turnId: string; number: number; text: string }
  | { type: 'appended'; turnId: string; fence: number; at: number; texts: string[] }
  | { type: 'finished'; turnId: string; fence: number };

export interface WorkerOptions {
  settings: { redisUrl?: string; dataDir: string };
  /** What its messages begin with. */
  name: string;
  sessions: string[];
  notes: string;
  leaseMs: number;
}

const repeatPauseMs = 20;

/**
 * A process that says something in a session, advances whatever session is free, and so on until it is told to stop: then it
 * goes on until nothing is open. A call that finds no store is repeated as it was.
 */
async function work({ settings, name, sessions, notes, leaseMs }: WorkerOptions): Promise<void> {
  const { store } = await openSessionStore({ redisUrl: settings.redisUrl, dataDir: settings.dataDir });
  const note = (one: WorkerNote) => {
    appendFileSync(notes, `${JSON.stringify(one)}\n`);
  };
  const stopping = new AbortController();
  process.on('message', () => {
    stopping.abort();
  });
  process.send?.('ready');
  for (let count = 0; ; count += 1) {
    const isStopping = stopping.signal.aborted;
    const sessionId = sessions[Math.floor(Math.random() * sessions.length)] ?? '';
    if (!isStopping) await say(store, { sessionId, text: `${name} ${count}`, note });
    const open = isStopping ? await repeat(() => store.listAbandoned(100)) : [sessionId];
    for (const one of open) await advance(store, { sessionId: one, owner: name, leaseMs, note });
    if (isStopping && open.length === 0 && (await isDone(store, sessions))) break;
    if (isStopping && open.length === 0) await sleep(repeatPauseMs);
  }
  await store.close();
  process.disconnect?.();
}

async function say(
  store: SessionStore,
  { sessionId, text, note }: { sessionId: string; text: string; note: (one: WorkerNote) => void },
): Promise<void> {
  const turn = makeTurn(text);
  const accepted = await repeat(() => store.accept(sessionId, turn, queued));
  if (accepted.status !== 'accepted') throw new Error(`a turn was ${accepted.status}`);
  note({ type: 'accepted', sessionId, turnId: turn.id, number: accepted.turn.number, text });
}

async function advance(
  store: SessionStore,
  options: { sessionId: string; owner: string; leaseMs: number; note: (one: WorkerNote) => void },
): Promise<void> {
  const { sessionId, owner, leaseMs, note } = options;
  const held = await repeat(() => store.claim(sessionId, { owner, leaseMs }));
  if (held === undefined) return;
  const { claim, turn } = held;
  let at = turn.entries.length;
  for (let step = 0; step < 3; step += 1) {
    const texts = Array.from({ length: 1 + (step % 2) }, (_, index) => `${claim.fence}:${step}:${index}`);
    const entries = texts.map((text) => makeStep(step, text));
    if (!(await repeat(() => store.append(claim, entries, at)))) return;
    note({ type: 'appended', turnId: turn.id, fence: claim.fence, at, texts });
    at += entries.length;
    if (step === 1 && (await repeat(() => store.renew(claim, leaseMs))) === 'lost') return;
  }
  await finish(store, claim, note);
}

async function finish(store: SessionStore, claim: Claim, note: (one: WorkerNote) => void): Promise<void> {
  if (Math.random() < 0.1) return repeat(() => store.release(claim));
  const end = makeEnd(`by ${claim.fence}`);
  if (await repeat(() => store.finish(claim, end))) {
    note({ type: 'finished', turnId: claim.turnId, fence: claim.fence });
  }
}

async function isDone(store: SessionStore, sessions: readonly string[]): Promise<boolean> {
  for (const sessionId of sessions) {
    const turns = await repeat(() => store.listTurns(sessionId));
    if (turns.some(({ end }) => end === null)) return false;
  }
  return true;
}

async function repeat<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'StoreUnavailableError') throw error;
      await sleep(repeatPauseMs);
    }
  }
}

if (import.meta.main) await work(JSON.parse(process.argv[2] ?? '') as WorkerOptions);
