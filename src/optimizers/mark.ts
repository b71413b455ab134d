// MArk: greedy provisioning for the forecast peak, batching within the deadline, functions for what would be late.
//
// forecast[t] = overprovision * peak rate expected in step t;   plan = greedyPlan(forecast, running servers kept first)
// launch what the plan adds; drop a server only when none of the last six plans wants it
// Source: C. Zhang, M. Yu, W. Wang, F. Yan, "MArk: Exploiting Cloud Services for Cost-Effective, SLO-Aware Machine
//   Learning Inference Serving", USENIX ATC 2019; constants of its released controller (60 s, 50 steps, 6 ahead, 1.2).
// Differs: the forecast is an input (flat at the latest peak where there is none, as released); past plans are
//   computed again from the history's peaks; the batching rule and the function cover, which the released code lacks,
//   are in batching-rule.ts and offload.ts; the reactive standby is left out, since functions cover its cases.

import type { Configuration, Solution, TuningProblem } from "../core/index.ts";
import { batchingRule } from "./batching-rule.ts";
import { defineOptimizer } from "./entry.ts";
import { countOf, roundUp, type SizedOption, serverOptions, sizedOptions } from "./fleet.ts";
import { forecastChoices, forecastFor } from "./forecast-input.ts";
import { greedyPlan } from "./greedy-plan.ts";
import { due, historySteps, targetOf } from "./history.ts";
import { lateCover } from "./offload.ts";
import { hold, settle } from "./solution.ts";

const PERIOD_S = 60;
const STEPS = 50;
const AHEAD = 6;
const PLANS_KEPT = 6;

const defaults = { overprovision: 1.2, deadlineShare: 0.96, forecast: "given" };
type MarkSettings = typeof defaults;

/** Mean forecast rates as peaks, by the latest ratio of peak to mean; flat at the latest peak without a forecast. */
function peaks(problem: TuningProblem, choice: string, peakRps: number, meanRps: number): Float64Array {
  const forecast = forecastFor(problem, choice, PERIOD_S, STEPS);
  if (forecast === null || forecast.ratesRps.length === 0) return new Float64Array(STEPS).fill(peakRps);
  const ratio = meanRps > 0 ? Math.max(1, peakRps / meanRps) : 1;
  return Float64Array.from({ length: STEPS }, (_, t) => {
    const at = Math.min(forecast.ratesRps.length - 1, Math.floor((t * PERIOD_S) / forecast.stepS));
    return (forecast.ratesRps[at] ?? meanRps) * ratio;
  });
}

function planFor(
  options: readonly SizedOption[],
  configuration: Configuration,
  rates: Float64Array,
): readonly number[] {
  const planned = options.map((option) => ({
    capacityRps: option.capacityRps,
    usdPerHour: option.usdPerHour * (1 + (option.lossesPerHour * option.launchS) / 3600),
    launchUsd: (option.usdPerHour * option.launchS) / 3600,
    running: countOf(configuration, option),
    limit: option.counts.at(-1) ?? 0,
  }));
  return greedyPlan(planned, rates, PERIOD_S, AHEAD).counts;
}

/** Solves by MArk's rules, over the options of the given markets. */
export function solveMark(problem: TuningProblem, settings: MarkSettings, name: string, spot: boolean): Solution {
  const { observation, objective } = problem;
  const current = targetOf(observation);
  if (!due(observation, PERIOD_S)) return hold(problem, `${name}: decides every ${PERIOD_S} s; holding until then`);
  const servers = serverOptions(problem).filter((option) => spot || option.market === "onDemand");
  const deadlineMs = settings.deadlineShare * objective.slo[0].latencyMs;
  const batching = batchingRule(problem, servers, current, deadlineMs);
  const base = { ...current, ...batching.set };
  const options = sizedOptions(problem, servers, base);
  if (options.length === 0) return hold(problem, `${name}: nothing to scale; holding`);

  const scale = settings.overprovision;
  const steps = historySteps(observation, PERIOD_S, PLANS_KEPT);
  const latest = steps.at(-1);
  const peakRps = latest?.peakRps ?? problem.load.rateRps;
  const rates = peaks(problem, settings.forecast, peakRps, latest?.rateRps ?? problem.load.rateRps).map(
    (rate) => rate * scale,
  );
  const plan = planFor(options, current, rates);
  const past = steps
    .slice(0, -1)
    .map((step) => planFor(options, step.configuration, new Float64Array(STEPS).fill(step.peakRps * scale)));
  const counts = options.map((option, i) => {
    const keep = Math.min(countOf(current, option), Math.max(0, ...past.map((counts) => counts[i] ?? 0)));
    return roundUp(option.counts, Math.max(plan[i] ?? 0, keep));
  });
  const unused = servers.filter((server) => !options.some((option) => option.knob === server.knob));
  const wanted: Configuration = {
    ...base,
    ...Object.fromEntries(unused.map((server) => [server.knob, server.counts[0] ?? 0])),
    ...Object.fromEntries(options.map((option, i) => [option.knob, counts[i] ?? 0])),
  };
  const cover = lateCover(problem, wanted, settings.deadlineShare);
  const chosen = options.flatMap((option, i) => {
    const spotted = option.market === "spot" ? " spot" : "";
    return (counts[i] ?? 0) > 0 ? [`${counts[i]} ${option.host}${spotted}`] : [];
  });
  const need = Math.max(...rates).toFixed(1);
  const text = `${name}: ${chosen.join(" + ") || "no server"} for ${need} requests/s (peak x ${scale})`;
  return settle(problem, { ...wanted, ...cover.set }, text + batching.note + cover.note);
}

const sweep = { overprovision: [0.8, 0.9, 1, 1.1, 1.2, 1.4, 1.7, 2] };

export const mark = defineOptimizer({
  name: "mark",
  summary: "MArk's greedy provisioning for the forecast peak, with batching and function cover; on demand only",
  settings: defaults,
  bounds: { overprovision: [0.1, 10], deadlineShare: [0.1, 1] },
  choices: { forecast: forecastChoices },
  sweep,
  solve: (problem, settings) => solveMark(problem, settings, "mark", false),
});
