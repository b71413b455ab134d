// The model of one load: the prior's latency of every candidate at every slowdown, and its cost.
//
// Windows differ in their rates, and the tail over many windows is that of the pool: with L the latency at one rate,
// P(latency > x) = E[(L(λ)/x)^a]·(1 - q), so pooled L = (E[L(λ)^a])^(1/a), ln λ normal, by quadrature

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

/** Rates below this count as this. */
const LEAST_RATE_RPS = 1e-3;

/** Where the unit is latency the residual is not bounded by physics: e^6 is a factor of 400. */
const LATENCY_GRID = { reach: 6, step: 0.5 };

/** A load as the model takes it. */
export interface Load {
  readonly rateRps: number;
  /** Standard deviation of the log of a window's rate around it. */
  readonly rateSpread: number;
}

/** Nodes and weights of three-point Gauss-Hermite quadrature, rounded. */
const NODES: readonly (readonly [number, number])[] = [
  [-1.73, 0.167],
  [0, 0.666],
  [1.73, 0.167],
];

/** Rates that stray less than this count as one rate. */
const NO_SPREAD = 0.01;

/** Tail exponent of latencies pooled over windows of different rates: P(latency > x) ∝ x^-a near the tail. */
const POOLED_EXPONENT = 5;

/** The model of a load. */
export function loadModel(
  candidates: CandidateSet,
  context: ModelContext,
  load: Load,
  settings: ModelSettings,
): LoadModel {
  const { percentile, latencyMs: sloMs } = context.objective.slo[0];
  const service = settings.prior ? priorService(context) : null;
  const rate = Math.max(LEAST_RATE_RPS, load.rateRps);
  const queryOf = (server: BatchServer, known: PriorService, scale: number, rateRps: number): TailQuery => ({
    rateRps,
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
  const logLatency = (i: number, z: number, rateRps: number): number => {
    if (service === null) return Math.log(sloMs) + z;
    const server = serverAt(i);
    if (settings.unit === "slowdown") return Math.log(tailLatencyMs(queryOf(server, service, Math.exp(z), rateRps)));
    return Math.log(tailLatencyMs(queryOf(server, service, 1, rateRps))) + z;
  };
  const pooled = (i: number, z: number): number => {
    const middle = logLatency(i, z, rate);
    let sum = 0;
    for (const [node, weight] of NODES) {
      const log = node === 0 ? middle : logLatency(i, z, rate * Math.exp(node * load.rateSpread));
      sum += weight * Math.exp(POOLED_EXPONENT * (log - middle));
    }
    return middle + Math.log(sum) / POOLED_EXPONENT;
  };
  const grid = service !== null && settings.unit === "slowdown" ? SLOWDOWN_GRID : LATENCY_GRID;
  const count = candidates.servers.length;
  const windowTable = new LatencyTable(count, (i, z) => logLatency(i, z, rate), grid);
  const strays = service !== null && load.rateSpread >= NO_SPREAD;
  return {
    windowTable,
    table: strays ? new LatencyTable(count, pooled, grid) : windowTable,
    logCost: Float64Array.from(candidates.configurations, (configuration, i) => {
      const server = serverAt(i);
      const batch = service === null ? server.maxBatch : tailBatch(queryOf(server, service, 1, rate));
      const serviceMs = service === null ? 1 : service(server, batch);
      const usd = predictedUsdPerHour(context, configuration, server, { rateRps: rate, batch, serviceMs });
      return Math.log(Math.max(1e-9, usd));
    }),
    serviceMs: service === null ? null : (i, batch) => service(serverAt(i), batch),
  };
}
