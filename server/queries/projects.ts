import { tables } from '../../migrations/schema.ts';
import type { ProjectsReply } from '../contract/traces.ts';
import type { Db } from './db.ts';

const projectsMax = 1_000;

interface ProjectRow {
  projectId: string;
  spanCount: string;
  lastSeenNs: string;
}

/**
 * All projects that have spans, the busiest of late first. Counts distinct spans (about, beyond 65 536) and reads two id
 * columns of the whole table: 0.1 s for ten million spans.
 */
export async function listProjects(db: Db): Promise<ProjectsReply> {
  const rows = await db.rows<ProjectRow>(
    `SELECT project_id AS projectId, uniq(trace_id, span_id) AS spanCount,
       toUnixTimestamp64Milli(max(ingested_at)) * 1000000 AS lastSeenNs
     FROM ${tables.spans}
     GROUP BY project_id
     ORDER BY lastSeenNs DESC, projectId
     LIMIT {limit:UInt32}`,
    { limit: projectsMax },
  );
  return {
    projects: rows.map((row) => ({
      projectId: row.projectId,
      spanCount: Number(row.spanCount),
      lastSeenUnixNano: row.lastSeenNs,
    })),
  };
}
