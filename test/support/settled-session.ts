import { z } from 'zod';

const limitMs = 30_000;
const pauseMs = 200;
const reply = z.object({ session: z.object({ turnCount: z.number(), traceCount: z.number() }) });

/** Waits until a session is settled with so many traces; throws with its latest state when that takes too long. */
export async function waitForSession(url: string, sessionId: string, traceCount: number): Promise<void> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const response = await fetch(`${url}/api/sessions/${encodeURIComponent(sessionId)}?limit=1`);
    const text = await response.text();
    if (response.ok && reply.parse(JSON.parse(text)).session.traceCount >= traceCount) return;
    if (Date.now() > deadline) throw new Error(`session ${sessionId} is not settled: ${text.slice(0, 500)}`);
    await new Promise((wake) => setTimeout(wake, pauseMs));
  }
}
