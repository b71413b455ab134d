// Policies: list, look at, run and take away.

import { z } from "zod";
import { ConfigError, toJson } from "../../core/index.ts";
import { exporters } from "../../export/index.ts";
import { stateFrom, stateSchema } from "../../store/index.ts";
import { PACKAGE, type Policies } from "../policies.ts";
import { type Route, route } from "../route.ts";
import { configurationJson, idParams, pageOf, policyJson } from "../schemas.ts";

const actBody = z.union([
  z.strictObject({ observation: stateSchema }),
  z.strictObject({ vector: z.array(z.number()).max(100_000) }),
]);

const formats = [...exporters.map(({ format }) => format), PACKAGE];

/** `/v1/policies`. */
export function policyRoutes(policies: Policies): Route[] {
  const tag = "policies";
  return [
    route({
      method: "post",
      path: "/v1/policies/{id}/act",
      tag,
      summary: "The configuration a policy chooses for an observation, or for an encoded one",
      params: idParams,
      body: actBody,
      answer: {
        description: "The configuration",
        schema: z.object({ action: configurationJson, policyId: z.string() }),
      },
      handle: async ({ params: { id }, body }) => {
        const ready = await policies.ready(id);
        const observation =
          "vector" in body ? ready.task.observationSpace.decode(body.vector) : stateFrom(body.observation);
        if (!ready.task.lattice.contains(observation.configuration)) {
          const found = JSON.stringify(toJson(observation.configuration));
          const expected = `a configuration of ${ready.task.id} that can run`;
          throw new ConfigError("body", [{ path: "observation.configuration", expected, found }]);
        }
        return { json: { action: toJson(policies.act(ready, observation)), policyId: id } };
      },
    }),
    route({
      method: "get",
      path: "/v1/policies",
      tag,
      summary: "Policies of the clusters as learnt so far, and trained ones",
      answer: { description: "All of them", schema: pageOf(policyJson) },
      handle: () => ({ json: { items: policies.list(), next: null } }),
    }),
    route({
      method: "get",
      path: "/v1/policies/{id}",
      tag,
      summary: "A policy as plain JSON",
      params: idParams,
      answer: { description: "The PolicySpec", schema: z.record(z.string(), z.unknown()) },
      handle: async ({ params }) => ({ json: toJson(await policies.spec(params.id)) }),
    }),
    route({
      method: "get",
      path: "/v1/policies/{id}/export",
      tag,
      summary: "A policy in one of the export formats, checked; a tar where there are several files",
      params: idParams,
      query: z.strictObject({ format: z.string().default("json") }),
      answer: { description: `The policy as ${formats.join(", ")}`, contentType: "application/octet-stream" },
      handle: async ({ params: { id }, query }) => {
        if (!formats.includes(query.format)) {
          const expected = `one of ${formats.join(", ")}`;
          throw new ConfigError("query", [{ path: "format", expected, found: query.format }]);
        }
        const { mediaType, name, content } = await policies.exported(id, query.format);
        return { contentType: mediaType, body: content, fileName: name };
      },
    }),
  ];
}
