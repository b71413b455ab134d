// MBS: buffers by size class for requests of unlike sizes, boundaries and memory by Bayesian optimisation.
//
// sizes lognormal with mean 1 and the given cv;  plan as in buffer-plan.ts;  the lattice's one batch size and timeout
// are shared by all buffers, so the plan is made under that
// Source: A. Ali, R. Pinciroli, F. Yan, E. Smirni, "Optimizing Inference Serving on Serverless Platforms", PVLDB 2022.
// Differs: an observation tells no sizes, so their spread is a setting (0: all alike, one buffer, as BATCH); where the
//   bounds lie is the deployment's to set, and the explanation says where they should.

import type { Solution, TuningProblem } from "../core/index.ts";
import { normalQuantile, SeededRandom } from "../math/index.ts";
import { type PlannedBuffer, planBuffers } from "../performance/index.ts";
import { batch, callUsd } from "./batch.ts";
import { defineOptimizer } from "./entry.ts";
import { numbersOf } from "./fleet.ts";
import { due } from "./history.ts";
import { meanRateRps } from "./rates.ts";
import { hold, infeasible, settle } from "./solution.ts";

const SMALLEST_QUANTILE = 1e-6;

const defaults = { periodS: 300, margin: 0.02, sizeCv: 0, maxBuffers: 4, evaluations: 30 };

/** Size at a quantile of a lognormal distribution of mean 1. */
export function lognormalSize(cv: number): (quantile: number) => number {
  const variance = Math.log1p(cv * cv);
  const sigma = Math.sqrt(variance);
  return (quantile) => {
    const within = Math.min(1 - SMALLEST_QUANTILE, Math.max(SMALLEST_QUANTILE, quantile));
    return Math.exp(sigma * normalQuantile(within) - variance / 2);
  };
}

function describe(buffers: readonly PlannedBuffer[]): string {
  return buffers
    .map(({ upToSize, share }) => {
      const bound = Number.isFinite(upToSize) ? `up to ${upToSize.toFixed(2)}` : "the rest";
      return `${bound} (${(100 * share).toFixed(0)} %)`;
    })
    .join(", ");
}

function solve(problem: TuningProblem, settings: typeof defaults): Solution {
  const { observation, objective, model, catalogue } = problem;
  const functionsAlone = problem.lattice.knobs.every(
    (knob) => !/^(instances\.|replicas$|concurrency$)/.test(knob.name),
  );
  if (settings.sizeCv === 0 || !functionsAlone || catalogue.function === null) {
    const solution = batch.create({ periodS: settings.periodS, margin: settings.margin }).solve(problem);
    return { ...solution, explanation: `mbs: one buffer serves sizes alike; ${solution.explanation}` };
  }
  if (!due(observation, settings.periodS)) {
    return hold(problem, `mbs: decides every ${settings.periodS} s; holding until then`);
  }
  const current = observation.configuration;
  const [slo] = objective.slo;
  const batchKnob = numbersOf(problem, "functionBatchSize").length > 0 ? "functionBatchSize" : "maxBatchSize";
  const valuesOr = (name: string, fallback: number): readonly number[] => {
    const values = numbersOf(problem, name);
    return values.length > 0 ? values : [fallback];
  };
  const plan = planBuffers({
    load: { ...problem.load, rateRps: Math.max(1e-6, meanRateRps(observation, settings.periodS)) },
    memoriesMb: valuesOr("functionMemoryMb", catalogue.function.memoryMb.max),
    batchSizes: valuesOr(batchKnob, 1),
    delaysMs: valuesOr("maxBatchDelayMs", 0),
    serviceMs: (size, functionMemoryMb) => model.serviceMs("function", { ...current, functionMemoryMb }, size),
    callUsd: (memoryMb, serviceMs) => callUsd(problem, memoryMb, serviceMs),
    percentile: slo.percentile,
    latencyMs: slo.latencyMs * (1 - settings.margin),
    sizeAt: lognormalSize(settings.sizeCv),
    maxBuffers: Math.max(1, Math.round(settings.maxBuffers)),
    shared: true,
    evaluations: settings.evaluations,
    random: new SeededRandom(1),
  });
  const [first] = plan?.buffers ?? [];
  if (plan === null || first === undefined) {
    return infeasible(problem, "no memory, batch, timeout and buffers keep the SLO", settings.evaluations);
  }
  const usd = (1e6 * plan.usdPerRequest).toFixed(2);
  const explanation =
    `mbs: ${plan.buffers.length} buffers by size: ${describe(plan.buffers)}; ${plan.memoryMb} MB, up to ` +
    `${first.batchSize} requests or ${first.delayMs} ms; ${usd} USD per million, ` +
    `${(100 * plan.paddingShare).toFixed(0)} % of the work is padding`;
  const wanted = {
    functionMemoryMb: plan.memoryMb,
    [batchKnob]: first.batchSize,
    maxBatchDelayMs: first.delayMs,
  };
  return settle(problem, wanted, explanation, { evaluations: plan.evaluations });
}

export const mbs = defineOptimizer({
  name: "mbs",
  summary: "MBS's buffers by size class in front of functions, boundaries by Bayesian optimisation",
  settings: defaults,
  bounds: { margin: [0, 0.9], sizeCv: [0, 10], maxBuffers: [1, 8], evaluations: [1, 1000] },
  solve,
});
