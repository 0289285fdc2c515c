import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tool as toolSchema } from '../../../runtime/definition/tool-schema.ts';
import { callTool } from '../../../runtime/tools/call-tool.ts';
import { openToolBox } from '../../../runtime/tools/tool-box.ts';
import type { ToolBox, ToolCallContext, ToolResult } from '../../../runtime/tools/tool.ts';
import { makeTempDir } from '../../support/temp-dir.ts';

const program = join(import.meta.dirname, 'fakes', 'mcp-stdio.ts');
const never = new AbortController().signal;
let dir: ReturnType<typeof makeTempDir>;
let boxes: ToolBox[];
let warnings: string[];

beforeEach(() => {
  dir = makeTempDir('mcp');
  boxes = [];
  warnings = [];
});
afterEach(async () => {
  await Promise.all(boxes.map((box) => box.close()));
  dir.remove();
});

function openBox(declared: object = {}, environment: NodeJS.ProcessEnv = { PATH: process.env['PATH'] }): ToolBox {
  const tool = toolSchema.parse({
    type: 'mcp',
    name: 'crm',
    command: process.execPath,
    args: [program],
    env: { CALLS_FILE: join(dir.path, 'calls') },
    timeout: '20s',
    ...declared,
  });
  const box = openToolBox([tool], {
    environment,
    runAgent: () => Promise.reject(new Error('no agents here')),
    onWarning: ({ tool: name, message }) => warnings.push(`${name}: ${message}`),
    surroundings: { sleep: () => Promise.resolve(), random: () => 0 },
  });
  boxes.push(box);
  return box;
}

async function call(box: ToolBox, name: string, signal = never): Promise<ToolResult> {
  const { tools } = await box.open(never);
  const context: ToolCallContext = {
    idempotencyKey: 'key-1',
    traceparent: 'trace-1',
    caller: { sessionId: 's', turnId: 't', callId: 'c' },
    signal,
  };
  return callTool({ id: '1', name: `crm__${name}`, arguments: '' }, tools, context);
}

function readCalls(): string[] {
  return readFileSync(join(dir.path, 'calls'), 'utf8').trim().split('\n');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function readPids(box: ToolBox): Promise<{ own: number; child: number }> {
  return JSON.parse((await call(box, 'child')).text) as { own: number; child: number };
}

test('lists all pages under the name of the server, and calls', async () => {
  const box = openBox();
  const { tools, unavailable } = await box.open(never);
  expect(unavailable).toEqual([]);
  expect(tools).toHaveLength(16);
  expect(tools[0]).toMatchObject({
    spec: {
      name: 'crm__echo',
      description: 'Does echo.',
      input: { type: 'object', properties: { text: { type: 'string' } } },
    },
    type: 'mcp',
    sideEffect: 'write',
    timeoutMs: 20_000,
  });
  expect(await call(box, 'echo')).toEqual({ text: 'hello', attempts: 1 });
});

test('the process sees PATH and what is declared, nothing else', async () => {
  const environment = {
    PATH: process.env['PATH'],
    HOME: '/root',
    OPENAI_API_KEY: 'geheim',
    CRM_TOKEN: 'geheim-crm-token',
  };
  const box = openBox({ env: { API_TOKEN: '${env:CRM_TOKEN}', MODE: 'x' }, sideEffect: 'read' }, environment);
  const { text } = await call(box, 'env');
  // Its secret came back, and is not shown.
  expect(JSON.parse(text)).toEqual({ PATH: process.env['PATH'], API_TOKEN: '[CRM_TOKEN]', MODE: 'x' });
});

test('ends with all that it started', async () => {
  const box = openBox();
  const { own, child } = await readPids(box);
  expect([isAlive(own), isAlive(child)]).toEqual([true, true]);
  await box.close();
  await expect.poll(() => [isAlive(own), isAlive(child)]).toEqual([false, false]);
});

test('ends also when it does not want to', async () => {
  const box = openBox({ env: { IGNORES_ENDS: '1' } });
  const { own, child } = await readPids(box);
  await box.close();
  await expect.poll(() => [isAlive(own), isAlive(child)]).toEqual([false, false]);
});

test('a process that died meanwhile is started again for the next call, a write too', async () => {
  const box = openBox();
  const { own, child } = await readPids(box);
  process.kill(own, 'SIGKILL');
  await expect.poll(() => isAlive(own)).toBe(false);
  expect(await call(box, 'echo')).toMatchObject({ text: 'hello' });
  await expect.poll(() => isAlive(child)).toBe(false);
});

test('a write during which the process dies may have happened and is not repeated', async () => {
  const result = await call(openBox(), 'crash');
  expect(result).toMatchObject({ failure: 'outcome_unknown', attempts: 1 });
  expect(result.text).toContain('its process ended with code 7');
  expect(readCalls()).toEqual(['crash']);
});

test('a read during which the process dies is repeated, and then fails', async () => {
  const box = openBox({ sideEffect: 'read', retries: 1 });
  expect(await call(box, 'crash')).toMatchObject({ failure: 'server_unavailable', attempts: 3 });
  expect(readCalls()).toEqual(['crash', 'crash', 'crash']);
  expect(await call(box, 'echo')).toMatchObject({ text: 'hello' });
});

test.each([
  [{ env: { FAILS_TO_START: '1' } }, 'its process ended with code 3: Error: no database at hand'],
  [{ command: '/nowhere/at/all' }, 'its command cannot be started (ENOENT)'],
  [{ env: { TOKEN: '${env:NOT_THERE}' } }, 'needs NOT_THERE in the environment, which is not set'],
])('a server that cannot start is named: %j', async (declared, message) => {
  const box = openBox(declared);
  expect(await box.open(never)).toEqual({ tools: [], unavailable: [{ name: 'crm', message }] });
});

test('a server that failed to start is not started again by every turn', async () => {
  const box = openBox({ env: { FAILS_TO_START: '1', CALLS_FILE: join(dir.path, 'calls') } });
  const [first, second] = [await box.open(never), await box.open(never)];
  expect(second).toEqual(first);
  expect(readCalls()).toEqual(['start']);
});

test('no answer in time', async () => {
  expect(await call(openBox({ timeout: '300ms', sideEffect: 'read' }), 'hang')).toEqual({
    text: 'The call failed: no answer within 300 ms.',
    failure: 'timeout',
    attempts: 1,
  });
  expect(await call(openBox({ timeout: '300ms' }), 'hang')).toMatchObject({ failure: 'outcome_unknown' });
});

test('a turn that is cancelled', async () => {
  const box = openBox({ sideEffect: 'read' });
  await box.open(never);
  const cancel = new AbortController();
  const called = call(box, 'hang', cancel.signal);
  await expect.poll(() => tryRead()).toEqual(['hang']);
  cancel.abort();
  expect(await called).toMatchObject({ failure: 'cancelled' });
  expect(await call(box, 'echo')).toMatchObject({ text: 'hello' });
});

function tryRead(): string[] {
  try {
    return readCalls();
  } catch {
    return [];
  }
}

test('results of every kind', async () => {
  const box = openBox({ sideEffect: 'read' });
  expect(await call(box, 'fail')).toEqual({ text: 'no such customer', failure: 'tool_error', attempts: 1 });
  expect(await call(box, 'empty')).toEqual({ text: 'Done, without content.', attempts: 1 });
  expect((await call(box, 'structured')).text).toBe('{ "n": 1 }');
  expect((await call(box, 'only_structured')).text).toBe('see data\n{"n":2}');
  expect((await call(box, 'media')).text.split('\n')).toEqual([
    '[image, image/png, 8 bytes: not shown]',
    '[audio, audio/wav, 8 bytes: not shown]',
    '[resource file:///a.txt]',
    'inside',
    '[resource file:///b.bin, application/x-b, 8 bytes: not shown]',
    '[resource https://x.example/c: c, text/html]',
  ]);
  expect(await call(box, 'refuse')).toMatchObject({
    failure: 'tool_error',
    text: expect.stringContaining('the database is away') as string,
  });
  expect(await call(box, 'invalid')).toMatchObject({ failure: 'bad_response', attempts: 1 });
  const { tools } = await box.open(never);
  const dotted = tools.find(({ spec }) => spec.name.startsWith('crm__dotted'));
  expect(dotted?.spec.name).toMatch(/^crm__dotted_name_here_[0-9a-f]{8}$/);
});

test('a long result is cut, an enormous one ends the process', async () => {
  const box = openBox({ sideEffect: 'read', maxResponseBytes: 1_000 });
  const long = await call(box, 'huge');
  expect(long).toMatchObject({ cutFromBytes: 200_000, attempts: 1 });
  expect(long.text).toMatch(/^é{500}\n\[cut here: these are the first 1,000 of 200,000 bytes\]$/);
  expect(await call(box, 'enormous')).toEqual({
    text: 'The call failed: it sent a message of more than 10,485,760 bytes.',
    failure: 'bad_response',
    attempts: 1,
  });
  expect(await call(box, 'echo')).toMatchObject({ text: 'hello' });
});

test('allow and deny, and a name in allow that the server does not have', async () => {
  const box = openBox({ allow: ['echo', 'fail', 'nothing'], deny: ['fail'] });
  const { tools } = await box.open(never);
  expect(tools.map(({ spec }) => spec.name)).toEqual(['crm__echo']);
  expect(warnings).toEqual(['crm: crm has no nothing, which its allow names']);
  expect(await call(box, 'crash')).toMatchObject({ failure: 'unknown_tool' });
});

test('a tool that becomes another one is told', async () => {
  const box = openBox();
  await call(box, 'change');
  await expect.poll(async () => (await box.open(never)).tools[0]?.spec.description).toBe('Sends your secrets away.');
  expect(warnings).toEqual(['crm: crm__echo has another description or schema than before']);
});

test('turns of the same time share one process', async () => {
  const box = openBox({ sideEffect: 'read' });
  const pids = await Promise.all(Array.from({ length: 10 }, () => readPids(box)));
  expect(new Set(pids.map(({ own }) => own)).size).toBe(1);
});
