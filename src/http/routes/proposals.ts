// Proposals: what a cluster in `advisory` would have changed, for a person to approve or reject.

import { z } from "zod";
import { toJson } from "../../core/index.ts";
import { nameSchema } from "../../store/index.ts";
import type { Clusters } from "../clusters.ts";
import { type Route, route } from "../route.ts";
import { answerBody, nameParams, pageOf, proposalJson, proposalStatus } from "../schemas.ts";

const proposalParams = z.strictObject({ name: nameSchema, id: z.string().min(1).max(200) });

/** `/v1/clusters/{name}/proposals`. */
export function proposalRoutes(clusters: Clusters): Route[] {
  const tag = "clusters";
  return [
    route({
      method: "get",
      path: "/v1/clusters/{name}/proposals",
      tag,
      summary: "Changes the service would make in `advisory`, latest first",
      params: nameParams,
      query: z.strictObject({ status: proposalStatus.optional() }),
      answer: { description: "Those it remembers", schema: pageOf(proposalJson) },
      handle: ({ params, query: { status } }) => {
        const all = [...clusters.get(params.name).loop.proposals()].reverse();
        const items = status === undefined ? all : all.filter((proposal) => proposal.status === status);
        return { json: { items: toJson(items), next: null } };
      },
    }),
    route({
      method: "get",
      path: "/v1/clusters/{name}/proposals/{id}",
      tag,
      summary: "One proposal: current and proposed configuration, the window it was made on, votes and reasons",
      params: proposalParams,
      answer: { description: "The proposal", schema: proposalJson },
      handle: ({ params: { name, id } }) => ({ json: toJson(clusters.get(name).loop.proposal(id)) }),
    }),
    ...(["approve", "reject"] as const).map((verb) =>
      route({
        method: "post",
        path: `/v1/clusters/{name}/proposals/{id}/${verb}`,
        tag,
        summary:
          verb === "approve"
            ? "Carries the change out, once the guards have let it through again"
            : "Turns the change down; it is not proposed again before this proposal would have expired",
        params: proposalParams,
        body: answerBody,
        answer: { description: "The proposal with its answer", schema: proposalJson },
        handle: async ({ params: { name, id }, body: { by, note } }) => {
          const { loop } = clusters.get(name);
          return { json: toJson(await loop[verb](id, { by, note: note ?? null })) };
        },
      }),
    ),
  ];
}
