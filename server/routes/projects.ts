import { createRoute } from '@hono/zod-openapi';
import { noQuery } from '../contract/requests.ts';
import { projectsReply } from '../contract/traces.ts';
import { listProjects } from '../queries/projects.ts';
import { createRouter, replies } from './api.ts';

export function projectRoutes({ otlpUrl }: { otlpUrl: string | undefined }) {
  return createRouter().openapi(projectsRoute, async (c) => {
    return c.json({ projects: await listProjects(c.var.db, c.var.access.projectId), otlpUrl: otlpUrl ?? null }, 200);
  });
}

const projectsRoute = createRoute({
  method: 'get',
  path: '/projects',
  tags: ['Projects'],
  summary: 'Lists the projects that have spans, the one that sent last first',
  request: { query: noQuery },
  responses: replies(projectsReply, 'The projects.'),
});
