// Clusters: watch them, read why they were changed, set how far the service may go, and go back.

import { z } from "zod";
import { readDecisions } from "../../control/index.ts";
import { StateError, toJson } from "../../core/index.ts";
import { postedFile } from "../cluster-source.ts";
import type { AttachedCluster, Clusters } from "../clusters.ts";
import { type Route, route } from "../route.ts";
import {
  budgetBody,
  clusterBody,
  clusterJson,
  decisionJson,
  modeBody,
  nameParams,
  pageOf,
  pageQuery,
  recommendationJson,
} from "../schemas.ts";

function shown({ entry, loop }: AttachedCluster): unknown {
  const { policy: _, ...status } = loop.status();
  return toJson({ ...entry, ...status });
}

/** `/v1/clusters`. */
export function clusterRoutes(clusters: Clusters): Route[] {
  const tag = "clusters";
  return [
    route({
      method: "get",
      path: "/v1/clusters",
      tag,
      summary: "Attached clusters",
      answer: { description: "All of them", schema: pageOf(clusterJson) },
      handle: () => ({ json: { items: clusters.list().map(shown), next: null } }),
    }),
    route({
      method: "post",
      path: "/v1/clusters",
      tag,
      summary: "Attaches a cluster by the document of a cluster file; it is kept over restarts, and starts in `shadow`",
      body: z.record(z.string(), z.json()),
      bodyShown: clusterBody,
      answer: { status: 201, description: "The attached cluster", schema: clusterJson },
      handle: async ({ body }) => ({ status: 201, json: shown(await clusters.create(postedFile(body))) }),
    }),
    route({
      method: "delete",
      path: "/v1/clusters/{name}",
      tag,
      summary: "Detaches a cluster: it stays as it runs, and its records stay in the store",
      params: nameParams,
      answer: { status: 204, description: "It is no longer tuned" },
      handle: async ({ params }) => {
        await clusters.detach(params.name);
        return { status: 204 };
      },
    }),
    route({
      method: "get",
      path: "/v1/clusters/{name}",
      tag,
      summary: "A cluster: configuration in force and in flight, mode, trust, the last decision",
      params: nameParams,
      answer: { description: "The cluster", schema: clusterJson },
      handle: ({ params }) => ({ json: shown(clusters.get(params.name)) }),
    }),
    ...(["put", "post"] as const).map((method) =>
      route({
        method,
        path: "/v1/clusters/{name}/mode",
        tag,
        summary: "Sets the ceiling on what may be done: off, shadow, advisory, canary or active",
        params: nameParams,
        body: modeBody,
        answer: { description: "The cluster under its new mode", schema: clusterJson },
        handle: async ({ params, body }) => {
          await clusters.setMode(params.name, body.mode);
          return { json: shown(clusters.get(params.name)) };
        },
      }),
    ),
    route({
      method: "put",
      path: "/v1/clusters/{name}/budget",
      tag,
      summary: "Sets what the cluster may commit to an hour; what is over it comes down at the next pass",
      params: nameParams,
      body: budgetBody,
      answer: { description: "The cluster under its new budget", schema: clusterJson },
      handle: async ({ params, body }) => {
        await clusters.setBudget(params.name, body.usdPerHour);
        return { json: shown(clusters.get(params.name)) };
      },
    }),
    route({
      method: "get",
      path: "/v1/clusters/{name}/recommendation",
      tag,
      summary: "What the service would have the cluster run, and how sure it is",
      params: nameParams,
      answer: { description: "The latest recommendation", schema: recommendationJson },
      handle: ({ params }) => {
        const { loop } = clusters.get(params.name);
        const recommendation = loop.recommendation();
        if (recommendation !== null) return { json: toJson(recommendation) };
        const { mode } = loop.status();
        const found = mode === "off" ? "mode off" : "no pass of the loop yet";
        throw new StateError(`recommendation of ${params.name}: expected a decided pass, found ${found}`);
      },
    }),
    route({
      method: "get",
      path: "/v1/clusters/{name}/decisions",
      tag,
      summary: "Decision records, latest first unless `order=asc`; `next` is the cursor of the next page",
      params: nameParams,
      query: pageQuery,
      answer: { description: "A page of records", schema: pageOf(decisionJson) },
      handle: async ({ params, query }) => {
        const { logs } = clusters.get(params.name);
        const { items, next } = await readDecisions(logs.decisions, { ...query, cursor: query.cursor ?? null });
        return { json: { items, next: next === null ? null : String(next) } };
      },
    }),
    route({
      method: "get",
      path: "/v1/clusters/{name}/events",
      tag,
      summary: "Decisions as server-sent events, from now on",
      params: nameParams,
      answer: { description: "Events until the connection is closed", contentType: "text/event-stream" },
      handle: ({ params }) => {
        const { loop } = clusters.get(params.name);
        return {
          events: (send) =>
            loop.subscribe((event) => {
              if (event.type === "decision") send("decision", toJson(event.record));
            }),
        };
      },
    }),
    route({
      method: "post",
      path: "/v1/clusters/{name}/rollback",
      tag,
      summary: "Goes back to the last good configuration at once, and holds it for ten intervals",
      params: nameParams,
      body: z.strictObject({}),
      answer: { description: "The decision that did it", schema: decisionJson },
      handle: async ({ params }) => ({ json: toJson(await clusters.get(params.name).loop.rollback()) }),
    }),
  ];
}
