import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cleanEnvironment, repositoryDir } from './program.ts';
import { startSystem, type System } from './system.ts';
import { makeTempDir } from './temp-dir.ts';

const quick = { firstToken: '20ms', tokensPerSecond: 400, usdPerMillionInput: 1, usdPerMillionOutput: 4 };

/** One that looks things up, one that takes its time, one that always fails, one that must know whom it talks to. */
const definitions: Readonly<Record<string, object>> = {
  support: {
    description: 'Answers customers about their orders.',
    labels: { team: 'care' },
    instructions: 'You answer customers of {{shop}}.\nLook an order up before you say anything about it.',
    variables: { shop: { type: 'string', default: 'Acme', description: 'How the shop calls itself.' } },
    model: [
      {
        model: 'simulated/careful',
        temperature: 0.2,
        timeout: '30s',
        simulate: {
          ...quick,
          script: [
            { when: { user: 'order' }, call: [{ tool: 'find_order', with: { order_id: '1042' } }] },
            { when: { after: 'find_order' }, answer: 'Order **1042** is {{find_order.state}}.' },
            { when: { user: 'cancel' }, call: [{ tool: 'cancel_order', with: { order_id: '1042' } }] },
            { when: { after: 'cancel_order', failed: true }, answer: 'That did not work.' },
            { answer: 'Hello! What can I do for you?' },
          ],
        },
      },
      'simulated/quick',
    ],
    tools: [
      {
        ...{ type: 'http', name: 'find_order', description: 'State of one order.', timeout: '5s' },
        ...{ url: '${env:TOOL_URL}/orders/{order_id}', allowPrivateAddress: true },
        input: { type: 'object', properties: { order_id: { type: 'string' } }, required: ['order_id'] },
      },
      {
        ...{ type: 'http', name: 'cancel_order', description: 'Cancels an order.', method: 'POST' },
        ...{ url: '${env:TOOL_URL}/refused/{order_id}', allowPrivateAddress: true },
        input: { type: 'object', properties: { order_id: { type: 'string' } }, required: ['order_id'] },
      },
      { type: 'agent', name: 'ask_clerk', description: 'Asks the clerk.', agent: 'clerk' },
    ],
    limits: { maxSteps: 6, turnTimeout: '1m', maxCostPerTurn: 0.25 },
    budgets: [{ scope: 'agent', usd: 200, period: 'day', notify: ['oncall'], action: 'downgrade' }],
    evals: [{ id: 'looks-it-up', type: 'tool_called', tool: 'find_order' }],
    capture: 'full',
  },
  slow: {
    instructions: 'You tell long stories.',
    model: [{ model: 'simulated/slow', simulate: { firstToken: '20ms', tokensPerSecond: 10, answerTokens: 2_000 } }],
  },
  broken: {
    instructions: 'You never answer.',
    model: [{ model: 'simulated/flaky', retries: 0, simulate: { ...quick, errors: { unavailable: 1 } } }],
  },
  clerk: {
    instructions: 'You greet {{who}}, who has waited {{minutes}} minutes.',
    variables: {
      who: { type: 'string', required: true, description: 'Whom to greet.' },
      minutes: { type: 'number', default: 5 },
    },
    model: [{ model: 'simulated/quick', simulate: { ...quick, script: [{ answer: 'Good day.' }] } }],
  },
};

export interface AgentSystem extends System {
  /** Changes a definition and puts it in force. */
  deploy(name: string, changes: object): Promise<void>;
}

/** The whole product with these agents and none else, and the shop that their tools call. */
export async function startSampleAgents(): Promise<AgentSystem> {
  const dir = makeTempDir('agents');
  const write = (name: string, definition: object) => {
    writeFileSync(join(dir.path, `${name}.yaml`), JSON.stringify({ name, ...definition }));
  };
  for (const [name, definition] of Object.entries(definitions)) write(name, definition);
  const shop = createServer((request, response) => {
    const isRefused = request.url?.startsWith('/refused/') === true;
    const content = isRefused ? { error: 'it has left the warehouse' } : { id: '1042', state: 'shipped' };
    response.writeHead(isRefused ? 409 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(content));
  });
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  const { port } = shop.address() as AddressInfo;
  const remove = async () => {
    shop.closeAllConnections();
    await new Promise((resolve) => shop.close(resolve));
    dir.remove();
  };
  try {
    const environment = { SIGHTGLASS_AGENTS_DIR: dir.path, TOOL_URL: `http://127.0.0.1:${port}` };
    const system = await startSystem({ environment });
    return {
      ...system,
      deploy: async (name, changes) => {
        write(name, { ...definitions[name], ...changes });
        const command = [join(repositoryDir, 'server/standalone/sightglass.mjs'), 'agents', 'deploy', dir.path];
        const env = { ...cleanEnvironment(), ...environment, SIGHTGLASS_DATA_DIR: system.dataDir };
        await promisify(execFile)(process.execPath, command, { env });
      },
      remove: async () => {
        await system.remove();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
