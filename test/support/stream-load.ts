import { Agent, request } from 'node:http';

export interface StreamTarget {
  url: string;
  /** Of the nth stream, as JSON. */
  body: (n: number) => object;
  /** In the bytes of the first piece of the answer, and in no bytes before. */
  firstMark: string;
  /** In the bytes of its last piece. */
  lastMark: string;
  /** What the stream ends with, when all went well. */
  endMark: string;
}

export interface StreamFigures {
  completed: number;
  /** From sending a request to the first piece, of those that completed; sorted. */
  firstTokenMs: number[];
  /** Why others did not complete, and how many. */
  failures: Map<string, number>;
}

/** A stream that takes longer is given up. */
const limitMs = 120_000;

/** Opens so many streams, evenly over `rampMs`, and reads them to their ends. Does as little per piece as it can. */
export async function runStreams(
  target: StreamTarget,
  { count, rampMs }: { count: number; rampMs: number },
): Promise<StreamFigures> {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  const figures: StreamFigures = { completed: 0, firstTokenMs: [], failures: new Map() };
  const beganMs = performance.now();
  await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const waitMs = beganMs + (n * rampMs) / count - performance.now();
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, waitMs)));
      const outcome = await readStream(target, n, agent).catch((error: unknown) => String(error));
      if (typeof outcome === 'string') figures.failures.set(outcome, (figures.failures.get(outcome) ?? 0) + 1);
      else {
        figures.completed += 1;
        figures.firstTokenMs.push(outcome.firstTokenMs);
      }
    }),
  );
  agent.destroy();
  figures.firstTokenMs.sort((a, b) => a - b);
  return figures;
}

/** A text is what went wrong. */
function readStream(target: StreamTarget, n: number, agent: Agent): Promise<{ firstTokenMs: number } | string> {
  const body = JSON.stringify(target.body(n));
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sentMs = performance.now();
    const outgoing = request(target.url, { method: 'POST', agent, headers, timeout: limitMs }, (response) => {
      let firstTokenMs: number | undefined;
      let hasLast = false;
      let tail = '';
      response.on('data', (chunk: Buffer) => {
        if (firstTokenMs === undefined && chunk.includes(target.firstMark)) firstTokenMs = performance.now() - sentMs;
        hasLast ||= chunk.includes(target.lastMark);
        tail = chunk.toString('latin1', Math.max(0, chunk.length - 500));
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode !== 200) resolve(`HTTP ${String(response.statusCode)} ${tail.slice(0, 200)}`);
        else if (firstTokenMs === undefined) resolve('it ended without an answer');
        else if (!hasLast || !tail.includes(target.endMark)) resolve('its answer was cut off');
        else resolve({ firstTokenMs });
      });
    });
    outgoing.on('error', reject);
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')));
    outgoing.end(body);
  });
}
