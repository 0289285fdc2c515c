import type { GatewayCall, TurnEnd } from './record.ts';

/** A session that is over is kept this long for turns whose spans were not exported. */
export const exportGraceMs = 24 * 60 * 60 * 1000;
/** Calls of the gateway whose spans were not exported: as many as come in minutes, some 200 MB with long conversations. */
export const callLimit = 10_000;
/** Deployments of one agent. */
export const deploymentLimit = 100;

/** The end of a turn that no process ever worked on. */
export function endUnstarted(asked: 'cancel' | 'supersede', atMs: number): TurnEnd {
  return asked === 'cancel'
    ? { state: 'cancelled', reason: 'cancelled', message: 'cancelled while it waited', text: '', atMs }
    : { state: 'interrupted', reason: 'superseded', message: 'a newer message came while it waited', text: '', atMs };
}

export function refuseCall({ id }: GatewayCall): Error {
  return new Error(`${callLimit} calls of the gateway wait for their export already: call ${id} is not kept`);
}
