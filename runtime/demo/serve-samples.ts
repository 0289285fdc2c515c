import { join } from 'node:path';
import { startCrm } from './crm.ts';
import type { LocalServer } from './local-server.ts';
import { startShop } from './shop.ts';
import { makeWorld } from './world.ts';

/** The share of the shop's answers that are a 503, so that there is something to see. */
const shopFaultRate = 0.03;
const seed = 1;

/**
 * What the sample agents work with: the shop and the CRM, each on a free port of this machine, unless the environment names others.
 * Answers the environment in which the references of the samples are found.
 */
export async function serveSamples(
  environment: NodeJS.ProcessEnv,
  nowMs: number,
): Promise<{ environment: NodeJS.ProcessEnv; close: () => Promise<void> }> {
  const world = makeWorld(nowMs);
  const servers: LocalServer[] = [];
  const named: NodeJS.ProcessEnv = { ...environment };
  // The paths of servers that samples start are seen from here.
  process.chdir(join(import.meta.dirname, '..', '..'));
  if ((environment['SHOP_URL'] ?? '') === '') {
    const shop = await startShop({ port: 0, world, faultRate: shopFaultRate, seed });
    servers.push(shop);
    named['SHOP_URL'] = shop.url;
  }
  if ((environment['CRM_URL'] ?? '') === '') {
    const crm = await startCrm({ port: 0, world });
    servers.push(crm);
    named['CRM_URL'] = `${crm.url}/mcp`;
  }
  return {
    environment: named,
    close: async () => {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}
