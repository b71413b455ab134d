// MArk: greedy provisioning for the forecast peak, batching within the deadline, functions for what would be late.
//
// forecast[t] = overprovision * peak rate expected in step t;   plan = bestPlan(forecast)   (mark-plan.ts)
// launch what the plan adds; drop a server only when none of the last six plans wants it
// Source: C. Zhang, M. Yu, W. Wang, F. Yan, "MArk: Exploiting Cloud Services for Cost-Effective, SLO-Aware Machine
//   Learning Inference Serving", USENIX ATC 2019; constants of its released controller (60 s, 50 steps, 6 ahead, 1.2).
// Differs: the forecast is an input (flat at the latest peak where there is none, as released); past plans are
//   computed again from the history's peaks; the batching rule and the function cover, which the released code lacks,
//   are in batching-rule.ts and offload.ts; nothing is dropped before what replaces it is ready; the reactive standby is
//   left out, since functions cover its cases.

import type { Configuration, Solution, TuningProblem } from "../core/index.ts";
import { batchingFor } from "./batching-rule.ts";
import { defineOptimizer } from "./entry.ts";
import { carriedRps, countOf, readyRps, serverOptions } from "./fleet.ts";
import { forecastChoices, forecastFor } from "./forecast-input.ts";
import { due, historySteps, targetOf } from "./history.ts";
import { bestPlan, PERIOD_S, planDemand, STEPS } from "./mark-plan.ts";
import { lateCover } from "./offload.ts";
import { hold, settle } from "./solution.ts";

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

/** Solves by MArk's rules, over the options of the given markets. */
export function solveMark(problem: TuningProblem, settings: MarkSettings, name: string, spot: boolean): Solution {
  const { observation, objective } = problem;
  const current = targetOf(observation);
  if (!due(observation, PERIOD_S)) return hold(problem, `${name}: decides every ${PERIOD_S} s; holding until then`);
  const servers = serverOptions(problem).filter((option) => spot || option.market === "onDemand");
  if (servers.length === 0) return hold(problem, `${name}: nothing to scale; holding`);

  const deadlineMs = settings.deadlineShare * objective.slo[0].latencyMs;
  const scale = settings.overprovision;
  const [latest] = historySteps(observation, PERIOD_S, 1);
  const peakRps = latest?.peakRps ?? problem.load.rateRps;
  const rates = peaks(problem, settings.forecast, peakRps, latest?.rateRps ?? peakRps).map((rate) => rate * scale);
  const plan = bestPlan(problem, servers, planDemand(problem, current, rates, scale), deadlineMs);
  const counts = Object.fromEntries(plan.options.map((option, i) => [option.knob, plan.counts[i] ?? 0]));
  const none = Object.fromEntries(servers.map((server) => [server.knob, server.counts[0] ?? 0]));
  const planned: Configuration = { ...current, ...none, ...counts };
  const needRps = Math.max(0, ...rates);
  const nowRps = Math.min(peakRps * scale, carriedRps(plan.options, planned));
  const early = readyRps(problem, plan.options, planned) < nowRps;
  const kept = Object.fromEntries(
    servers.map((server) => [server.knob, Math.max(countOf(planned, server), early ? countOf(current, server) : 0)]),
  );
  const fleet = { ...planned, ...kept };
  const hosts = servers.filter((server) => countOf(fleet, server) > 0).map((server) => server.host);
  const batching = batchingFor(problem, hosts, current, plan.batch, deadlineMs);
  const wanted = { ...fleet, ...batching.set };
  const cover = lateCover(problem, wanted, settings.deadlineShare);
  const listed = servers.flatMap((server) => {
    const count = countOf(wanted, server);
    return count > 0 ? [`${count} ${server.host}${server.market === "spot" ? " spot" : ""}`] : [];
  });
  const text = `${name}: ${listed.join(" + ") || "no server"} for ${needRps.toFixed(1)} requests/s (peak x ${scale})`;
  const waiting = early ? "; nothing is dropped until what replaces it is ready" : "";
  return settle(problem, { ...wanted, ...cover.set }, text + waiting + batching.note + cover.note);
}

const sweep = { overprovision: [0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4, 1.7] };

export const mark = defineOptimizer({
  name: "mark",
  summary: "MArk's greedy provisioning for the forecast peak, with batching and function cover; on demand only",
  settings: defaults,
  bounds: { overprovision: [0.1, 10], deadlineShare: [0.1, 1] },
  choices: { forecast: forecastChoices },
  sweep,
  solve: (problem, settings) => solveMark(problem, settings, "mark", false),
});
