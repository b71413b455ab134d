// The model of one load: the prior's latency of every candidate at every slowdown, and its cost.

import type { AgentContext } from "../core/index.ts";
import { type BatchServer, type PriorContext, type PriorService, priorService } from "./batch-server.ts";
import { type TailQuery, tailBatch, tailLatencyMs } from "./batch-tail.ts";
import { type CandidateSet, predictedUsdPerHour } from "./candidate-set.ts";
import { LatencyTable, SLOWDOWN_GRID } from "./latency-table.ts";
import type { LoadModel } from "./search-contract.ts";

/** What the model of a load is made from. */
export type ModelContext = PriorContext & Pick<AgentContext, "objective">;

/** How latency is explained. */
export interface ModelSettings {
  /** False: nothing is known beforehand, latency is the SLO's everywhere. */
  readonly prior: boolean;
  /** `slowdown` scales service times in the model; `latency` scales its latency, whatever the load. */
  readonly unit: "slowdown" | "latency";
}

/** Where the unit is latency the residual is not bounded by physics: e^6 is a factor of 400. */
const LATENCY_GRID = { reach: 6, step: 0.5 };

/** The model of a load of `rateRps` requests per second. */
export function loadModel(
  candidates: CandidateSet,
  context: ModelContext,
  rateRps: number,
  settings: ModelSettings,
): LoadModel {
  const { percentile, latencyMs: sloMs } = context.objective.slo[0];
  const service = settings.prior ? priorService(context) : null;
  const rate = Math.max(1e-3, rateRps);
  const queryOf = (server: BatchServer, known: PriorService, scale: number): TailQuery => ({
    rateRps: rate,
    instances: server.instances,
    maxBatch: server.maxBatch,
    maxDelayMs: server.maxDelayMs,
    serviceMs: (batch) => known(server, batch),
    scale,
    percentile,
    sloMs,
  });
  const serverAt = (i: number): BatchServer => {
    const server = candidates.servers[i];
    if (server === undefined)
      throw new RangeError(`candidate: expected one of ${candidates.servers.length}, found ${i}`);
    return server;
  };
  const logLatency = (i: number, z: number): number => {
    if (service === null) return Math.log(sloMs) + z;
    const server = serverAt(i);
    if (settings.unit === "slowdown") return Math.log(tailLatencyMs(queryOf(server, service, Math.exp(z))));
    return Math.log(tailLatencyMs(queryOf(server, service, 1))) + z;
  };
  const scaled = service !== null && settings.unit === "slowdown";
  return {
    table: new LatencyTable(candidates.servers.length, logLatency, scaled ? SLOWDOWN_GRID : LATENCY_GRID),
    logCost: Float64Array.from(candidates.configurations, (configuration, i) => {
      const server = serverAt(i);
      const batch = service === null ? server.maxBatch : tailBatch(queryOf(server, service, 1));
      const serviceMs = service === null ? 1 : service(server, batch);
      const usd = predictedUsdPerHour(context, configuration, server, { rateRps: rate, batch, serviceMs });
      return Math.log(Math.max(1e-9, usd));
    }),
    serviceMs: service === null ? null : (i, batch) => service(serverAt(i), batch),
  };
}
