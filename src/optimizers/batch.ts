// BATCH: memory, batch size and timeout of a buffer in front of functions, by its model and a full search.
//
// least E[USD per batch]/E[size] with F(SLO) >= percentile over every (memory, batch, timeout)   (function-batching.ts)
// With servers behind the buffer: the batch and timeout of least cost, then least latency, by the same mixture with a
// queue term (closed-form.ts).
// Source: A. Ali, R. Pinciroli, F. Yan, E. Smirni, "BATCH", SC 2020; corrected mixture in systems.md 2.3.
// Differs: arrivals are the fitted process the load carries, else counts with the measured dispersion; decides every
//   `periodS`, where the paper fits and decides hourly; `margin` of the SLO is kept back for cold starts and noise.

import type { Configuration, Solution, TuningProblem } from "../core/index.ts";
import { searchBatching } from "../performance/index.ts";
import { defineOptimizer } from "./entry.ts";
import { numberAt, numbersOf } from "./fleet.ts";
import { due } from "./history.ts";
import { meanRateRps } from "./rates.ts";
import { hold, infeasible, settle } from "./solution.ts";

const defaults = { periodS: 300, margin: 0.02 };
type BatchSettings = typeof defaults;

/** Price of one call, from the catalogue. */
export function callUsd(problem: TuningProblem, memoryMb: number, serviceMs: number): number {
  const type = problem.catalogue.function;
  if (type === null) return 0;
  const billedMs = Math.ceil(serviceMs / type.billingIncrementMs - 1e-9) * type.billingIncrementMs;
  return (memoryMb / 1024) * (billedMs / 1000) * type.usdPerGbS + type.usdPerRequest;
}

/** Values of a knob, or the one in force where there is no such knob. */
function valuesOrNow(problem: TuningProblem, name: string, fallback: number): readonly number[] {
  const values = numbersOf(problem, name);
  return values.length > 0 ? values : [numberAt(problem.observation.configuration, name, fallback)];
}

function batchFunctions(problem: TuningProblem, settings: BatchSettings, rateRps: number): Solution {
  const { observation, objective, model } = problem;
  const current = observation.configuration;
  const [slo] = objective.slo;
  const batchKnob = problem.lattice.knobs.some((knob) => knob.name === "functionBatchSize")
    ? "functionBatchSize"
    : "maxBatchSize";
  const wanted = (point: { memoryMb: number; batchSize: number; delayMs: number }): Configuration => ({
    ...current,
    ...(numbersOf(problem, "functionMemoryMb").length > 0 ? { functionMemoryMb: point.memoryMb } : {}),
    ...(numbersOf(problem, batchKnob).length > 0 ? { [batchKnob]: point.batchSize } : {}),
    ...(numbersOf(problem, "maxBatchDelayMs").length > 0 ? { maxBatchDelayMs: point.delayMs } : {}),
  });
  const memories = valuesOrNow(problem, "functionMemoryMb", problem.catalogue.function?.memoryMb.max ?? 1024);
  const result = searchBatching({
    load: { ...problem.load, rateRps },
    memoriesMb: memories,
    batchSizes: valuesOrNow(problem, batchKnob, 1),
    delaysMs: valuesOrNow(problem, "maxBatchDelayMs", 0),
    serviceMs: (batch, functionMemoryMb) => model.serviceMs("function", { ...current, functionMemoryMb }, batch),
    callUsd: (memoryMb, serviceMs) => callUsd(problem, memoryMb, serviceMs),
    percentile: slo.percentile,
    latencyMs: slo.latencyMs * (1 - settings.margin),
    minimize: objective.minimize,
    usdPerHour: problem.limits.usdPerHour ?? Number.POSITIVE_INFINITY,
    allowed: (point) => problem.lattice.allowed(wanted(point)),
  });
  const { best, nearest, evaluations } = result;
  if (best === null) {
    const reached =
      nearest === null ? "nothing" : `${(100 * nearest.attained).toFixed(1)} % within ${slo.latencyMs} ms`;
    return infeasible(
      problem,
      `no memory, batch and timeout meets SLO and budget; the best reaches ${reached}`,
      evaluations,
    );
  }
  const explanation =
    `batch: ${best.memoryMb} MB, up to ${best.batchSize} requests or ${best.delayMs} ms: batches of ` +
    `${best.meanBatchSize.toFixed(2)}, ${(1e6 * best.usdPerRequest).toFixed(2)} USD per million, ` +
    `${(100 * best.attained).toFixed(2)} % within the SLO, the best of ${evaluations} points`;
  return settle(problem, wanted(best), explanation, { status: "optimal", evaluations });
}

function batchServers(problem: TuningProblem, rateRps: number): Solution {
  const { objective, model, observation } = problem;
  const [slo] = objective.slo;
  const load = { ...problem.load, rateRps };
  let best: { wanted: Configuration; cost: number; latencyMs: number } | null = null;
  let evaluations = 0;
  for (const maxBatchSize of numbersOf(problem, "maxBatchSize")) {
    for (const maxBatchDelayMs of valuesOrNow(problem, "maxBatchDelayMs", 0)) {
      const wanted = { ...observation.configuration, maxBatchSize, maxBatchDelayMs };
      if (!problem.lattice.allowed(wanted)) continue;
      const { stable, objectiveMs, costUsdPerHour } = model.predict(wanted, load);
      evaluations += 1;
      const fits = stable && objectiveMs <= slo.latencyMs;
      const cost = objective.minimize === "cost" && fits ? costUsdPerHour : fits ? 0 : Number.MAX_VALUE;
      const cheaper = best === null || cost < best.cost * (1 - 1e-6);
      if (cheaper || (best !== null && cost <= best.cost * (1 + 1e-6) && objectiveMs < best.latencyMs)) {
        best = { wanted, cost, latencyMs: objectiveMs };
      }
    }
  }
  if (best === null) return hold(problem, "batch: no batch size or delay to set; holding");
  const { maxBatchSize, maxBatchDelayMs } = best.wanted;
  const kept = best.cost < Number.MAX_VALUE ? "the SLO kept" : "the least latency, no setting keeps the SLO";
  const text = `batch: up to ${maxBatchSize} requests or ${maxBatchDelayMs} ms, ${kept}: ${best.latencyMs.toFixed(0)} ms expected`;
  return settle(problem, best.wanted, text, { evaluations });
}

function solve(problem: TuningProblem, settings: BatchSettings): Solution {
  const { observation } = problem;
  if (!due(observation, settings.periodS)) {
    return hold(problem, `batch: decides every ${settings.periodS} s; holding until then`);
  }
  const rateRps = Math.max(1e-6, meanRateRps(observation, settings.periodS));
  const alone = problem.lattice.knobs.every((knob) => !/^(instances\.|replicas$|concurrency$)/.test(knob.name));
  if (alone && problem.catalogue.function !== null) return batchFunctions(problem, settings, rateRps);
  return batchServers(problem, rateRps);
}

export const batch = defineOptimizer({
  name: "batch",
  summary: "BATCH's buffer model and full search over function memory, batch size and timeout",
  settings: defaults,
  bounds: { margin: [0, 0.9] },
  sweep: { margin: [0, 0.02, 0.05, 0.1, 0.2] },
  solve,
});
