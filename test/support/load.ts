import { parseArgs, type ParseArgsConfig } from 'node:util';
import { loadDefaults, loadProfiles, type LoadOptions } from './load-model.ts';
import { sendDefaults, sendLoad, type SendOptions } from './load-send.ts';

/** Ids leave seven bits for the number of a step. */
const maxSteps = 60;

const usage = `Sends generated agent traces as OTLP/HTTP protobuf; the same options and --seed give the same spans.

  node test/support/load.ts --spans 200000 --batch 512 --profile chat

  --url [${sendDefaults.url}]  --header "name: value" (repeatable)  --gzip
  --spans [100000]  --batch [512]  --concurrency [4]  --rate spans/s, 0 = as fast as possible [0]
  --seconds stop after so long, whatever is left of --spans; 0 = never [0]
  --profile lean|chat|mixed|agent [lean]  --steps model calls of an agent run [50], at most ${maxSteps}
  --projects [4]  --sessions [20000]  --users [2000]  --agents [20]  --models [10]  --error-rate [0.03]
  --days spread start times over the last n days [0]  --start unix ms [when sent]  --seed [1]
  --templates [16]  --warmup spans not measured [0]  --skip first batch number [0]
  --retries on 429, 503 and connection errors [0]  --timeout ms [60000]

The last line is one JSON object with rates, errors, latencies and the sums of what was acknowledged.`;

type Options = LoadOptions & SendOptions;
const numbers = Object.entries({ ...loadDefaults, ...sendDefaults })
  .filter(([, value]) => typeof value === 'number')
  .map(([name]) => name as keyof Options);

/** Throws one line that names the option, what was given and what is allowed. */
function readOptions(argv: string[]): Partial<Options> | 'help' {
  const known: ParseArgsConfig['options'] = {
    help: { type: 'boolean' },
    gzip: { type: 'boolean' },
    url: { type: 'string' },
    profile: { type: 'string' },
    header: { type: 'string', multiple: true },
  };
  for (const name of numbers) known[toFlag(name)] = { type: 'string' };
  const { values } = parseArgs({ args: argv, options: known });
  if (values['help'] === true) return 'help';
  const options: Record<string, unknown> = { headers: readHeaders(values['header']) };
  if (values['gzip'] === true) options['gzip'] = true;
  if (values['url'] !== undefined) options['url'] = values['url'];
  if (values['profile'] !== undefined) {
    if (!loadProfiles.some((profile) => profile === values['profile'])) {
      throw new Error(`--profile ${String(values['profile'])}: lean, chat, mixed or agent`);
    }
    options['profile'] = values['profile'];
  }
  for (const name of numbers) {
    const text = values[toFlag(name)];
    if (text === undefined) continue;
    const value = Number(text);
    if (text === '' || !Number.isFinite(value) || value < 0) {
      throw new Error(`--${toFlag(name)} ${String(text)}: a number from 0`);
    }
    options[name] = value;
  }
  if (Number(options['steps'] ?? 0) > maxSteps) throw new Error(`--steps: at most ${maxSteps}`);
  return options;
}

function toFlag(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function readHeaders(given: unknown): Record<string, string> {
  const lines = Array.isArray(given) ? given.map(String) : [];
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      if (colon < 1) throw new Error(`--header ${line}: "name: value"`);
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    console.log(usage);
    return;
  }
  const result = await sendLoad(options);
  const { profile, acknowledged, seconds, spansPerSecond, megabytesPerSecond, httpErrors } = result;
  console.log(
    `${profile}: ${acknowledged.spans} spans in ${seconds} s, ${spansPerSecond} spans/s, ` +
      `${megabytesPerSecond} MB/s, ${httpErrors} failed requests`,
  );
  console.log(JSON.stringify(result));
  process.exitCode = httpErrors > 0 ? 1 : 0;
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
