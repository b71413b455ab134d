// What other controllers ask of a running tuner: KEDA's metrics API, an Argo Rollouts web metric, a Flagger hook.

import { z } from "zod";
import { ObservationError } from "../../core/index.ts";
import { nameSchema } from "../../store/index.ts";
import type { Clusters } from "../clusters.ts";
import { type DesiredState, MAX_STALENESS_S } from "../desired.ts";
import { type Reply, type Route, route } from "../route.ts";

/** Fewer requests than this in a window say nothing about a rollout. */
const LEAST_REQUESTS = 20;

const analysisQuery = z.strictObject({
  minRequests: z.coerce.number().int().nonnegative().default(LEAST_REQUESTS),
});

/** What Flagger sends to a webhook. */
const flaggerBody = z.looseObject({
  name: z.string(),
  namespace: z.string(),
  phase: z.string(),
  checksum: z.string().optional(),
  metadata: z.record(z.string(), z.string()).nullish(),
});

const analysisJson = z.object({
  data: z.object({
    ok: z.boolean(),
    outcome: z.enum(["Successful", "Failed", "Inconclusive"]),
    successPercent: z.number().nullable(),
    requests: z.number(),
    objectiveMs: z.number().nullable(),
    reason: z.string(),
  }),
});
type Analysis = z.infer<typeof analysisJson>["data"];

/** Judges a cluster's last window. @throws {ObservationError} when there is none, or it could not be seen */
function analyse(clusters: Clusters, name: string, minRequests: number): Analysis {
  const { loop, task } = clusters.get(name);
  const { lastDecision } = loop.status();
  const metrics = lastDecision?.observation?.metrics;
  if (metrics === undefined) {
    const found = lastDecision === null ? "no pass yet" : lastDecision.reason;
    throw new ObservationError(`analysis of ${name}: expected a window, found none: ${found}`);
  }
  const { percentile, latencyMs } = task.objective.slo[0];
  const { latency, requests } = metrics;
  const objectiveMs = latency?.objectiveMs ?? null;
  const successPercent = latency === null ? null : 1 - latency.missRatio;
  const base = { successPercent, requests, objectiveMs };
  if (successPercent === null || requests < minRequests) {
    const reason = `expected at least ${minRequests} requests in the window, found ${requests}`;
    return { ...base, ok: true, outcome: "Inconclusive", reason };
  }
  const ok = successPercent >= percentile - Number.EPSILON;
  const reason = `${(100 * successPercent).toFixed(2)} % within ${latencyMs} ms, ${100 * percentile} % wanted`;
  return { ...base, ok, outcome: ok ? "Successful" : "Failed", reason };
}

function minRequestsIn(metadata: Readonly<Record<string, string>> | null | undefined): number {
  const parsed = analysisQuery.safeParse({ minRequests: metadata?.["minRequests"] });
  return parsed.success ? parsed.data.minRequests : LEAST_REQUESTS;
}

/** `/v1/keda` and `/v1/analysis`. */
export function liveRoutes(clusters: Clusters, desired: DesiredState): Route[] {
  const tag = "live export";
  const cluster = z.strictObject({ cluster: nameSchema });
  return [
    route({
      method: "get",
      path: "/v1/keda/{cluster}/{deployment}",
      tag,
      summary:
        "The count a deployment should run, for KEDA's metrics-api scaler; held where the cluster cannot be seen",
      params: z.strictObject({ cluster: nameSchema, deployment: z.string().min(1).max(200) }),
      query: z.strictObject({
        maxStalenessSeconds: z.coerce.number().positive().max(86_400).default(MAX_STALENESS_S),
      }),
      answer: {
        description: "The count, and whether it is stale",
        schema: z.object({
          desiredReplicas: z.number(),
          currentReplicas: z.number(),
          stale: z.boolean(),
          source: z.enum(["recommendation", "last-good", "current"]),
          ageS: z.number().nullable(),
          decisionId: z.string().nullable(),
          reason: z.string(),
        }),
      },
      handle: ({ params, query }) => ({
        json: desired.of(params.cluster, params.deployment, query.maxStalenessSeconds),
      }),
    }),
    route({
      method: "get",
      path: "/v1/analysis/{cluster}",
      tag,
      summary: "Whether the last window met the SLO, for an Argo Rollouts web metric: jsonPath {$.data.outcome}",
      params: cluster,
      query: analysisQuery,
      answer: { description: "The verdict", schema: analysisJson },
      handle: ({ params, query }) => ({ json: { data: analyse(clusters, params.cluster, query.minRequests) } }),
    }),
    route({
      method: "post",
      path: "/v1/analysis/{cluster}",
      tag,
      summary: "The same as a Flagger webhook: 200 to go on, 202 where too little was seen, 412 to halt",
      params: cluster,
      body: flaggerBody,
      answer: { description: "Go on", schema: analysisJson },
      handle: ({ params, body }): Reply => {
        const data = analyse(clusters, params.cluster, minRequestsIn(body.metadata));
        const status = { Successful: 200, Inconclusive: 202, Failed: 412 }[data.outcome];
        return { status, json: { data } };
      },
    }),
  ];
}
