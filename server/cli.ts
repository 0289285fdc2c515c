import { randomUUID } from 'node:crypto';
import { type BudgetsCommand, parseBudgetsArguments } from './budgets/arguments.ts';
import { runBudgetsCommand } from './budgets/command.ts';
import { parseDoctorArguments } from './doctor/arguments.ts';
import type { DoctorOptions } from './doctor/arguments.ts';
import { examineDatabase } from './doctor/doctor.ts';
import { openDoctor, readScope } from './doctor/open.ts';
import { type CheckResult, type DoctorReport, formatResult } from './doctor/report.ts';
import { ConfigError, loadConfig } from './config.ts';
import { ApiError } from './contract/errors.ts';
import { type KeysCommand, parseKeysArguments } from './keys/arguments.ts';
import { runKeysCommand } from './keys/command.ts';
import { latestMigration } from './latest-migration.ts';
import { loadPriceBook } from './load-price-book.ts';
import { connectDb, type DbConnection } from './queries/db.ts';
import { hasProject, isMigrated } from './queries/doctor-facts.ts';
import { parseResettleArguments, type ResettleOptions } from './resettle/arguments.ts';
import { runResettlement } from './resettle/job.ts';
import { formatOutcome } from './resettle/report.ts';

/** Exit codes: all agrees (or was repaired), something differs, the question or the database is wrong. */
const agrees = 0;
const differs = 1;
const cannotTell = 2;
const progressEveryMs = 5_000;

/** The server's own commands; the `sightglass` command starts them with a connection in the environment. */
async function main([verb = '', ...args]: readonly string[]): Promise<number> {
  if (verb === 'doctor') return runParsed(parseDoctorArguments(args), runDoctor);
  if (verb === 'resettle') return runParsed(parseResettleArguments(args), runResettle);
  if (verb === 'keys') return runParsed(parseKeysArguments(args), runKeys);
  if (verb === 'budgets') return runParsed(parseBudgetsArguments(args), runBudgets);
  return refuse(`unknown verb ${verb}; allowed: doctor, resettle, keys, budgets`);
}

async function runParsed<Options extends object>(
  options: Options | { fault: string },
  run: (options: Options) => Promise<number>,
): Promise<number> {
  if ('fault' in options) return refuse(options.fault);
  try {
    return await run(options);
  } catch (error) {
    if (error instanceof ConfigError || error instanceof ApiError) return refuse(error.message);
    // ClickHouse's own errors name their type: such as a database that is not there, or a right that is missing.
    if (error instanceof Error && 'type' in error) return refuse(`ClickHouse: ${error.message.split('\n')[0] ?? ''}`);
    throw error;
  }
}

async function runDoctor(options: DoctorOptions): Promise<number> {
  const { clickhouseUrl: url, clickhouseSecret: secret, pricesFile } = loadConfig();
  await requireTables({ url, secret });
  const doctor = await openDoctor({ url, secret }, options, { pricesFile, progress: progressPrinter() });
  try {
    const { projectId } = options;
    if (projectId !== undefined && !(await hasProject(doctor.db, projectId))) {
      return refuse(`--project ${projectId}: there is no such project`);
    }
    const print = options.json ? () => undefined : printResult;
    const report = await examineDatabase(doctor, {
      print,
      onRepaired: async () => {
        if (!options.json) console.log('     repaired what could be; looking at all of it once more');
        return { ...doctor, options: { repair: false }, scope: await readScope(doctor.db, options) };
      },
    });
    if (options.json) console.log(JSON.stringify(report));
    else console.log(conclusions[report.status]);
    return report.status === 'agree' || report.status === 'repaired' ? agrees : differs;
  } finally {
    await doctor.close();
  }
}

async function runResettle({ json, ...request }: ResettleOptions): Promise<number> {
  const { clickhouseUrl: url, clickhouseSecret: secret, pricesFile } = loadConfig();
  await requireTables({ url, secret });
  await requireProject({ url, secret }, request.projectId);
  const print = progressPrinter();
  const outcome = await runResettlement(
    { url, secret },
    {
      ...{ id: randomUUID(), actor: 'command', request, pricesFile },
      onProgress: ({ daysDone, dayCount, traceCount }) => {
        print(`${daysDone} of ${dayCount} days, ${traceCount.toLocaleString('en-US')} traces`);
      },
    },
  );
  const lines = json ? [JSON.stringify(outcome)] : formatOutcome(outcome, request);
  for (const line of lines) console.log(line);
  return agrees;
}

async function runKeys(command: KeysCommand): Promise<number> {
  const { clickhouseUrl: url, clickhouseSecret: secret } = loadConfig();
  await requireTables({ url, secret });
  for (const line of await runKeysCommand({ url, secret }, command)) console.log(line);
  return agrees;
}

/** A call that is not allowed is what differs. */
async function runBudgets(command: BudgetsCommand): Promise<number> {
  const { clickhouseUrl: url, clickhouseSecret: secret, pricesFile, runtimeUrl, internalSecret } = loadConfig();
  await requireTables({ url, secret });
  const priceBook = loadPriceBook(pricesFile);
  const deps = { connection: { url, secret }, priceBook, runtimeUrl, internalSecret, nowMs: Date.now() };
  const { lines, isAllowed } = await runBudgetsCommand(deps, command);
  for (const line of lines) console.log(line);
  return isAllowed ? agrees : differs;
}

async function requireProject(connection: DbConnection, projectId: string): Promise<void> {
  const db = connectDb(connection);
  try {
    if (!(await hasProject(db, projectId))) throw new ConfigError([`--project ${projectId}: there is no such project`]);
  } finally {
    await db.close();
  }
}

async function requireTables(connection: DbConnection): Promise<void> {
  const db = connectDb(connection);
  try {
    const migration = await latestMigration();
    if (await isMigrated(db, migration)) return;
    throw new ConfigError([`the database has not had migration ${migration}; run "sightglass migrate" first`]);
  } finally {
    await db.close();
  }
}

const conclusions: Readonly<Record<DoctorReport['status'], string>> = {
  agree: 'everything agrees',
  differ: 'not everything agrees: "sightglass doctor --repair" mends what differs',
  repaired: 'what differed was repaired; now everything agrees',
  'not repaired': 'what differed could not all be repaired',
};

function printResult(result: CheckResult): void {
  for (const line of formatResult(result)) console.log(line);
}

/** At most a line every few seconds, on standard error. */
function progressPrinter(): (line: string) => void {
  let printedMs = performance.now();
  return (line) => {
    if (performance.now() - printedMs < progressEveryMs) return;
    printedMs = performance.now();
    console.error(`     … ${line}`);
  };
}

function refuse(line: string): number {
  for (const one of line.split('\n')) console.error(`sightglass: ${one}`);
  return cannotTell;
}

process.exitCode = await main(process.argv.slice(2));
