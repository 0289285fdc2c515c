import { DemoConfigError, type DemoConfig, loadDemoConfig } from './config.ts';
import type { Tally } from './converse.ts';
import { findMissing } from './find-running.ts';
import { type DemoOptions, demoUsage, readOptions } from './options.ts';
import { runUsers } from './run-users.ts';
import { sendPast } from './send-past.ts';
import { makeWorld } from './world.ts';

const failed = 1;
const calledWrongly = 2;
const progressMs = 2_000;
const shownFaults = 8;

/** Simulated users talk to the sample agents of a running product. */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) return say(`Usage: npm run demo -- [OPTIONS]\n\n${demoUsage}`);
  const options = readOptions(args);
  if ('fault' in options) return refuse(options.fault, calledWrongly);
  const config = loadDemoConfig();
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const missing = await findMissing(config);
  if (missing.length > 0) return refuse(missing.join('\n'), failed);
  await tellPast(config, options, stop.signal);
  return await talk(config, options, stop.signal);
}

/** What happened before today, so that pages over weeks have a shape. */
async function tellPast(config: DemoConfig, { historyDays }: DemoOptions, signal: AbortSignal): Promise<void> {
  if (historyDays === 0) return;
  console.log(`conversations of the last ${historyDays} days, as service demo-past-conversations:`);
  const onDay = (date: string, conversations: number) => console.log(`  ${date}  ${conversations}`);
  const sent = await sendPast({ todayMs: Date.now(), days: historyDays, ...config, signal, onDay });
  console.log(sent === 0 ? '  are there already' : `  ${sent} conversations sent`);
}

async function talk(config: DemoConfig, options: DemoOptions, signal: AbortSignal): Promise<number> {
  const startMs = performance.now();
  const world = makeWorld(Date.now());
  const { tally, done } = runUsers({ runtimeUrl: config.runtimeUrl, key: config.key, world, ...options, signal });
  const printing = setInterval(() => printProgress(tally, startMs), progressMs);
  await done.finally(() => clearInterval(printing));
  printProgress(tally, startMs);
  printEnd(tally, config);
  return tally.turns > 0 && tally.failed === tally.turns ? failed : 0;
}

function printProgress(tally: Tally, startMs: number): void {
  const seconds = Math.round((performance.now() - startMs) / 1_000);
  const { conversations, turns, toolCalls, failed: errors, limited, usd } = tally;
  const parts = [
    `${conversations} conversations`,
    `${turns} turns`,
    `${toolCalls} tool calls`,
    `${errors} errors`,
    `${limited} ended by a limit`,
    `$${usd.toFixed(2)}`,
  ];
  console.log(`${`${seconds} s`.padStart(6)}  ${parts.join('  ')}`);
}

function printEnd({ faults, disconnected, repeated }: Tally, { uiUrl }: DemoConfig): void {
  console.log(`\n${disconnected} users left in the middle of an answer, ${repeated} requests were sent twice`);
  const most = [...faults].toSorted(([, a], [, b]) => b - a).slice(0, shownFaults);
  if (most.length > 0) console.log('what went wrong, as users saw it:');
  for (const [fault, times] of most) console.log(`${String(times).padStart(5)} × ${fault}`);
  console.log('\nlook at it:');
  for (const [name, path] of [
    ['agents', '/agents'],
    ['sessions', '/sessions'],
    ['traces with errors', '/traces?status=error'],
    ['costs', '/costs'],
  ] as const) {
    console.log(`  ${name.padEnd(20)}${uiUrl}${path}`);
  }
}

function say(text: string): number {
  console.log(text);
  return 0;
}

function refuse(lines: string, code: number): number {
  for (const line of lines.split('\n')) console.error(`sightglass demo: ${line}`);
  return code;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof DemoConfigError)) throw error;
  process.exitCode = refuse(error.message, failed);
}
