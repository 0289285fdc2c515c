import { DemoConfigError, type DemoConfig, loadDemoConfig } from './config.ts';
import type { Tally } from './converse.ts';
import { startCrm } from './crm.ts';
import { findMissing } from './find-running.ts';
import { type LocalServer, PortError } from './local-server.ts';
import { type DemoOptions, demoUsage, readOptions } from './options.ts';
import { runUsers } from './run-users.ts';
import { startShop } from './shop.ts';
import { makeWorld } from './world.ts';

const failed = 1;
const calledWrongly = 2;
const progressMs = 2_000;
const shownFaults = 8;
/** The share of the shop's answers that are a 503. */
const shopFaultRate = 0.03;

/** Simulated users talk to the sample agents of a running product. */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) return say(`Usage: npm run demo -- [OPTIONS]\n\n${demoUsage}`);
  const options = readOptions(args);
  if ('fault' in options) return refuse(options.fault, calledWrongly);
  const config = loadDemoConfig();
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const servers: LocalServer[] = [];
  try {
    const world = makeWorld(Date.now());
    servers.push(await startShop({ port: config.shopPort, world, faultRate: shopFaultRate, seed: options.seed }));
    servers.push(await startCrm({ port: config.crmPort, world }));
    console.log(`the shop listens on port ${config.shopPort}, the CRM on ${config.crmPort}`);
    if (options.serves) return await serveUntil(stop.signal);
    const missing = await findMissing(config);
    if (missing.length > 0) return refuse(missing.join('\n'), failed);
    return await talk(config, { ...options, world, signal: stop.signal });
  } finally {
    for (const server of servers) await server.close();
  }
}

async function talk(
  config: DemoConfig,
  options: DemoOptions & { world: ReturnType<typeof makeWorld>; signal: AbortSignal },
): Promise<number> {
  const startMs = performance.now();
  const { tally, done } = runUsers({ runtimeUrl: config.runtimeUrl, ...options });
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

async function serveUntil(signal: AbortSignal): Promise<number> {
  console.log('they run until Ctrl-C');
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  return 0;
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
  if (!(error instanceof PortError) && !(error instanceof DemoConfigError)) throw error;
  process.exitCode = refuse(error.message, failed);
}
