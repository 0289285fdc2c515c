import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { budgetsUsage } from '../budgets/arguments.ts';
import { doctorUsage } from '../doctor/arguments.ts';
import { keysUsage } from '../keys/arguments.ts';
import { resettleUsage } from '../resettle/arguments.ts';
import { startClickHouse } from './clickhouse.ts';
import { installDir, loadStandaloneConfig, ownEnvironment } from './config.ts';
import { holdDataDir } from './data-dir.ts';
import { checkExternalClickHouse } from './external-clickhouse.ts';
import { programs } from './programs.ts';
import { runCommand } from './run-command.ts';
import { runServerCommand } from './server-command.ts';
import { StartError } from './start-error.ts';
import { migrateDatabase } from './prepare-database.ts';
import { startEverything } from './start.ts';
import { superviseUntilSignal } from './supervise.ts';

interface Verb {
  summary: string;
  run: (args: readonly string[]) => Promise<number>;
  /** What it takes; absent: nothing. */
  usage?: string;
  /** Its exit code when it could not do its work; 1 unless it means something else. */
  failed?: number;
}

const verbs: Readonly<Record<string, Verb>> = {
  start: { summary: 'start everything on this machine: ClickHouse, collector, server and UI', run: runStart },
  migrate: { summary: 'bring the database up to date and end', run: runMigrate },
  doctor: {
    summary: 'prove that spans, ledger, roll-ups and summaries agree, and repair',
    run: (args) => runServerCommand('doctor', args),
    usage: doctorUsage,
    failed: 2,
  },
  resettle: {
    summary: 'price the calls of a window anew; only says what would change, unless told to commit',
    run: (args) => runServerCommand('resettle', args),
    usage: resettleUsage,
    failed: 2,
  },
  keys: {
    summary: 'make, list and revoke the keys that SIGHTGLASS_AUTH=on asks for',
    run: (args) => runServerCommand('keys', args),
    usage: keysUsage,
    failed: 2,
  },
  budgets: {
    summary: 'list budgets with what is left of them, ask whether a call may be made',
    run: (args) => runServerCommand('budgets', args),
    usage: budgetsUsage,
    failed: 2,
  },
  agents: {
    summary: 'check, compare, deploy and list the definition files of agents, print their JSON Schema',
    run: (args) => runCommand([join(installDir, 'runtime', 'cli.ts'), ...args], ownEnvironment()),
    usage: [
      'validate [--without-secrets] [PATH…] | plan [--json] [PATH…] |',
      'deploy [--without-secrets] [PATH…] [NAME…] | rollback NAME [--to REVISION] |',
      'list [PATH…] | schema',
    ].join(`\n${' '.repeat(12)}`),
  },
  demo: {
    summary: 'let simulated users talk to the sample agents of a running product',
    run: (args) => runCommand([join(installDir, 'runtime', 'demo', 'cli.ts'), ...args], ownEnvironment()),
    usage: '[--users N] [--turns N] [--minutes N] [--rate N] [--seed N] [--history-days N]',
  },
};

const help = `Sightglass operates AI agents in production.

Usage: sightglass VERB

${Object.entries(verbs)
  .flatMap(([name, { summary, usage }]) => [
    `  ${name.padEnd(10)}${summary}`,
    ...(usage === undefined ? [] : [`            ${usage}`]),
  ])
  .join('\n')}

  --help    this text
  --version the version
`;

/** Runs the command line and answers its exit code: 0 done, 1 failed, 2 called wrongly. The doctor's 1: something differs. */
export async function runCli(args: readonly string[]): Promise<number> {
  const [verb, ...rest] = args;
  if (verb === undefined) return refuse(`which verb?\n\n${help.trimEnd()}`);
  if (verb === '--version' || verb === '-v') return say(version());
  if (args.includes('--help') || args.includes('-h') || verb === 'help') return say(help.trimEnd());
  const known = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (known === undefined) return refuse(`unknown verb ${verb}; allowed: ${Object.keys(verbs).join(', ')}`);
  if (rest.length > 0 && known.usage === undefined) {
    const got = rest.join(' ');
    return refuse(
      `${verb} takes no arguments, but got ${got}; settings are environment variables (README, Configuration)`,
    );
  }
  try {
    return await known.run(rest);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    for (const line of error.message.split('\n')) console.error(`sightglass: ${line}`);
    return known.failed ?? 1;
  }
}

function runStart(): Promise<number> {
  const config = loadStandaloneConfig();
  console.log(`Sightglass ${version()}`);
  return superviseUntilSignal((print, signal) => startEverything({ config, programs, print, signal }));
}

async function runMigrate(): Promise<number> {
  const config = loadStandaloneConfig();
  if (config.clickhouseUrl !== undefined) {
    await checkExternalClickHouse(config.clickhouseUrl, config.clickhouseSecret);
    await migrateDatabase({ url: config.clickhouseUrl, secret: config.clickhouseSecret }, config, console.log);
    return say('the database is up to date');
  }
  const dataDir = holdDataDir(config.dataDir);
  try {
    const clickhouse = await startClickHouse({ dataDir: config.dataDir, log: console.error });
    await migrateDatabase(clickhouse, config, console.log).finally(() => clickhouse.stop());
  } finally {
    dataDir.release();
  }
  return say('the database is up to date');
}

function say(text: string): number {
  console.log(text);
  return 0;
}

function refuse(line: string): number {
  console.error(`sightglass: ${line}`);
  return 2;
}

function version(): string {
  const text = readFileSync(join(installDir, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
