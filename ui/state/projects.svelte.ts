import { createContext } from 'svelte';
import { listProjects } from '../api/traces.ts';
import type { ProjectsReply } from '../api/types.ts';

export type Project = ProjectsReply['projects'][number];

/** The projects that have received spans. */
export class Projects {
  /** Null until known. */
  all: readonly Project[] | null = $state.raw(null);
  /** Where agents send their spans; the usual address until the server says another. */
  otlpUrl: string = $state('http://127.0.0.1:4318');

  /** Reads the list again; a failure leaves what is known. */
  async load(signal?: AbortSignal): Promise<void> {
    try {
      const reply = await listProjects(signal);
      this.all = reply.projects;
      if (reply.otlpUrl !== null) this.otlpUrl = reply.otlpUrl;
    } catch {
      // The list's own request meets the same trouble and shows it.
    }
  }

  /** True where it is known that the project has no span yet. */
  isEmpty(projectId: string): boolean {
    if (this.all === null) return false;
    return (this.all.find((project) => project.projectId === projectId)?.spanCount ?? 0) === 0;
  }
}

export const [getProjects, setProjects] = createContext<Projects>();
