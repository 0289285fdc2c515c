import { flushCompileCache } from 'node:module';
import type { Supervisor } from './start.ts';

type Start = (print: (line: string) => void, signal: AbortSignal) => Promise<Supervisor>;

const forcedExitCode = 130; // what a shell shows for a program that Ctrl-C ended

/**
 * Runs a start until it is told to end: the first SIGINT, SIGTERM or SIGHUP drains everything in order, a second one ends
 * everything at once. Prints `ready URL` when all of it works. Answers the exit code: 0 after a drain, 1 when a process
 * could not be kept running.
 */
export async function superviseUntilSignal(start: Start): Promise<number> {
  const asked = new AbortController();
  let supervisor: Supervisor | undefined;
  const onSignal = () => {
    if (asked.signal.aborted) {
      supervisor?.kill();
      process.exit(forcedExitCode);
    }
    print('stopping (once more: at once)');
    asked.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', () => undefined); // whoever read our output is gone; that is no reason to end
  }
  try {
    supervisor = await start(print, asked.signal);
  } catch (error) {
    if (asked.signal.aborted) return 0;
    throw error;
  }
  print(`ready ${supervisor.url}`);
  flushCompileCache();
  const reason = await Promise.race([supervisor.gaveUp, untilAborted(asked.signal)]);
  if (reason !== undefined) {
    process.exitCode = 1;
    console.error(`sightglass: ${reason}: stopping everything`);
  }
  await supervisor.stop();
  return reason === undefined ? 0 : 1;
}

function print(line: string): void {
  console.log(line);
}

function untilAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined));
  });
}
