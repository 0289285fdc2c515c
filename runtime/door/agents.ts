import type { AgentDefinition } from '../definition/schema.ts';
import { type Deployment, type Revision, StoreUnavailableError } from '../sessions/store.ts';
import type { DoorDeps } from './deps.ts';
import { DoorError } from './door-error.ts';

/** `GET /v1/models`: what may be named as `model`. */
export async function listModels({ store }: DoorDeps) {
  const deployed = await store.listDeployed();
  return {
    object: 'list',
    data: deployed.map(({ agent, registeredMs }) => ({
      id: `agent/${agent}`,
      object: 'model',
      created: Math.floor(registeredMs / 1000),
      owned_by: 'sightglass',
    })),
  };
}

/** `GET /agents` */
export async function listAgents(deps: DoorDeps) {
  const deployed = await deps.store.listDeployed();
  return { agents: await Promise.all(deployed.map((one) => describeAgent(deps, one))) };
}

/** `GET /agents/{name}`: also what it declares, and what was deployed when. */
export async function readAgent(deps: DoorDeps, name: string) {
  const { store } = deps;
  const deployed = await store.findDeployed(name);
  if (deployed === undefined) throw new DoorError('agent_not_found', `there is no agent ${name.slice(0, 100)}`);
  const [summary, revisions, deployments] = await Promise.all([
    describeAgent(deps, deployed),
    store.listRevisions(name),
    store.listDeployments(name),
  ]);
  return {
    agent: {
      ...summary,
      definition: deployed.definition,
      revisions: revisions.map(({ revision, registeredMs }) => ({
        revision,
        registeredAt: toTime(registeredMs),
        isDeployed: revision === deployed.revision,
      })),
      deployments: deployments.map(({ revision, previous, deployedMs }) => ({
        revision,
        previous,
        deployedAt: toTime(deployedMs),
      })),
    },
  };
}

async function describeAgent({ store, agents }: DoorDeps, { agent, revision }: Revision) {
  const [{ description, labels, model, tools, budgets }, revisions, [latest]] = await Promise.all([
    agents.describe(revision).catch(describeUnreadable),
    store.listRevisions(agent),
    store.listDeployments(agent),
  ]);
  return {
    name: agent,
    description: description ?? null,
    labels,
    revision,
    deployedAt: deployedAt(latest),
    models: model.map((one) => one.model),
    tools: tools.map(({ name, type }) => ({ name, type })),
    budgets,
    revisionCount: revisions.length,
  };
}

/** Another release registered it: the other agents are there all the same. */
function describeUnreadable(
  error: unknown,
): Pick<AgentDefinition, 'description' | 'labels' | 'model' | 'tools' | 'budgets'> {
  if (error instanceof StoreUnavailableError) throw error;
  return { description: 'This release cannot read its definition.', labels: {}, model: [], tools: [], budgets: [] };
}

function deployedAt(latest: Deployment | undefined): string {
  return toTime(latest?.deployedMs ?? 0);
}

function toTime(ms: number): string {
  return new Date(ms).toISOString();
}
