// What there is to choose from: agents to train and formats to export to.

import { z } from "zod";
import { agents, fleetLearners, learners } from "../../../agents/index.ts";
import { exporters } from "../../export/index.ts";
import { type Route, route } from "../route.ts";
import { pageOf } from "../schemas.ts";

const agentJson = z.object({ name: z.string(), summary: z.string(), learns: z.boolean() }).meta({ id: "Agent" });
const formatJson = z.object({ format: z.string(), mediaType: z.string() }).meta({ id: "ExportFormat" });

/** `/v1/agents` and `/v1/export-formats`. */
export function registryRoutes(): Route[] {
  const learning = new Set([...learners, ...fleetLearners].map(({ name }) => name));
  return [
    route({
      method: "get",
      path: "/v1/agents",
      tag: "trainings",
      summary: "Agents by name; those that do not learn are analytic optimizers",
      answer: { description: "All of them", schema: pageOf(agentJson) },
      handle: () => {
        const items = agents.map(({ name, summary }) => ({ name, summary, learns: learning.has(name) }));
        return { json: { items, next: null } };
      },
    }),
    route({
      method: "get",
      path: "/v1/export-formats",
      tag: "policies",
      summary: "Formats a policy can be exported to",
      answer: { description: "All of them", schema: pageOf(formatJson) },
      handle: () => {
        const items = exporters.map(({ format, mediaType }) => ({ format, mediaType }));
        return { json: { items, next: null } };
      },
    }),
  ];
}
