import type { Protocol, Visitor } from '../receive/visitor.ts';
import { BoundedNames, clientOf } from './bounded-names.ts';

/** Different names that are counted one by one, for as long as the collector runs. */
const nameLimits = { projects: 500, servicesOfProject: 200, services: 5_000, clients: 100 } as const;

/** What counts are kept by. Project '' is none: the request was refused before it was known. */
export interface Sender {
  project: string;
  /** `service.name` of the resource; '' without one, and of whole requests. */
  service: string;
  client: string;
  signal: Visitor['signal'];
  protocol: Protocol;
}

/** Names senders, and no more of them than `nameLimits`. */
export class SenderNames {
  readonly #projects = new BoundedNames(nameLimits.projects);
  readonly #clients = new BoundedNames(nameLimits.clients);
  readonly #services = new BoundedNames(nameLimits.services);
  readonly #servicesOf = new Map<string, BoundedNames>();

  nameSender({ projectId, userAgent, signal, protocol }: Visitor, service: string): Sender {
    const project = projectId === undefined ? '' : this.#projects.admit(projectId);
    let services = this.#servicesOf.get(project);
    if (services === undefined)
      this.#servicesOf.set(project, (services = new BoundedNames(nameLimits.servicesOfProject)));
    return {
      project,
      service: this.#services.admit(services.admit(service)),
      client: this.#clients.admit(clientOf(userAgent)),
      signal,
      protocol,
    };
  }
}
