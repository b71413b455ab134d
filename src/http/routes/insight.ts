// What charts and people ask of a cluster: its timeline, a decision whole, its map of the lattice, what it saves; and one stream of all.

import { z } from "zod";
import { readDecisions } from "../../control/index.ts";
import { UnknownNameError } from "../../core/index.ts";
import { nameSchema } from "../../store/index.ts";
import type { Timelines } from "../cluster-timeline.ts";
import type { Clusters } from "../clusters.ts";
import type { Feed } from "../feed.ts";
import { latticeJson, savingsJson, timelineJson } from "../insight-schemas.ts";
import { latticeView } from "../lattice-view.ts";
import { type Route, route } from "../route.ts";
import type { SavingsBook } from "../savings.ts";
import { decisionJson, nameParams } from "../schemas.ts";
import { timelineView } from "../timeline-view.ts";

/** What these routes work with. */
export interface InsightParts {
  readonly clusters: Clusters;
  readonly timelines: Timelines;
  readonly savings: SavingsBook;
  readonly feed: Feed;
}

const timelineQuery = z.strictObject({
  fromS: z.coerce.number().optional(),
  toS: z.coerce.number().optional(),
  /** Takes the place of `fromS`: so many seconds up to `toS`. */
  lastS: z.coerce.number().positive().optional(),
  points: z.coerce.number().int().min(1).max(2000).default(600),
});

const latticeQuery = z.strictObject({ x: z.string().max(200).optional(), y: z.string().max(200).optional() });

/** The number of a decision of a cluster; -1 where the id is none. */
function numberOf(name: string, id: string): number {
  const digits = id.startsWith(`${name}-`) ? id.slice(name.length + 1) : "";
  return /^\d{1,15}$/.test(digits) ? Number(digits) : -1;
}

/** `/v1/clusters/{name}/…` for charts, and `/v1/events`. */
export function insightRoutes({ clusters, timelines, savings, feed }: InsightParts): Route[] {
  return [
    route({
      method: "get",
      path: "/v1/clusters/{name}/timeline",
      tag: "clusters",
      summary:
        "Load, latency, cost, fleet and knobs over time in at most `points` bins, with the decisions that changed something",
      params: nameParams,
      query: timelineQuery,
      answer: { description: "Columns, decisions, and what the span came to", schema: timelineJson },
      handle: async ({ params, query }) => {
        const cluster = clusters.get(params.name);
        const { rows } = await timelines.of(cluster);
        const toS = query.toS ?? rows.at(-1)?.timeS ?? 0;
        const fromS = query.lastS === undefined ? (query.fromS ?? Number.NEGATIVE_INFINITY) : toS - query.lastS;
        const [slo] = cluster.task.objective.slo;
        return { json: timelineView(rows, slo, { fromS, toS, points: query.points }) };
      },
    }),
    route({
      method: "get",
      path: "/v1/clusters/{name}/decisions/{id}",
      tag: "clusters",
      summary: "One decision: what it saw, votes, guards, expected against measured",
      params: z.strictObject({ name: nameSchema, id: z.string().max(200) }),
      answer: { description: "The record", schema: decisionJson },
      handle: async ({ params: { name, id } }) => {
        const { logs } = clusters.get(name);
        const number = numberOf(name, id);
        const [record] =
          number < 0 ? [] : (await readDecisions(logs.decisions, { cursor: number, limit: 1, order: "asc" })).items;
        if (record === undefined)
          throw new UnknownNameError("decision", id, [`${name}-0 to ${name}-${logs.decisions.length - 1}`]);
        return { json: record };
      },
    }),
    route({
      method: "get",
      path: "/v1/clusters/{name}/lattice",
      tag: "clusters",
      summary: "Two knobs as a map: expected latency and cost, what was measured, what the agent holds safe",
      params: nameParams,
      query: latticeQuery,
      answer: { description: "The map", schema: latticeJson },
      handle: async ({ params, query }) => {
        const cluster = clusters.get(params.name);
        const { rows } = await timelines.of(cluster);
        const { configuration, running } = cluster.loop.status();
        const { agent, task } = cluster;
        const source = {
          task,
          rows,
          inForce: running ?? configuration,
          rateRps: rows.findLast(({ window }) => window !== null)?.window?.rateRps ?? null,
          believes: agent.believes,
          incumbent: agent.incumbent,
        };
        return { json: latticeView(source, query) };
      },
    }),
    route({
      method: "get",
      path: "/v1/clusters/{name}/savings",
      tag: "clusters",
      summary:
        "The last day under the rule that would act without the learner, simulated, and against the bound; worked out when asked for",
      params: nameParams,
      answer: { description: "What is known so far", schema: savingsJson },
      handle: async ({ params }) => ({ json: await savings.of(clusters.get(params.name)) }),
    }),
    route({
      method: "get",
      path: "/v1/events",
      tag: "events",
      summary: "Clusters and trainings as server-sent events, each at most a few times a second",
      answer: { description: "Events until the connection is closed", contentType: "text/event-stream" },
      handle: () => ({ events: feed.source }),
    }),
  ];
}
