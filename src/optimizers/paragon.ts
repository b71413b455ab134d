// Paragon: as mixed where the load peaks high over its median; otherwise machines with headroom.
//
// gate: peak / median of the rate over the last hour > gate  =>  mixed, strict requests offloaded when slack < wait
//       otherwise  =>  desired = ceil((1 + headroom) * rate / capacity)
// Source: J. Gunasekaran et al., "Towards Designing a Self-Managed Machine Learning Inference Serving System in Public
//   Cloud" (Paragon), 2020: mixed helps only at a peak to median ratio over 1.5, and only strict requests need functions.
// Differs: which requests are strict is the cluster's to know; where classes differ it offloads the strict ones alone.
//   Late requests may go to functions behind a closed gate too, which costs nothing while none is late.

import type { Solution, TuningProblem } from "../core/index.ts";
import { defineOptimizer, offered } from "./entry.ts";
import { forecastChoices } from "./forecast-input.ts";
import { recentWindows } from "./history.ts";
import { mixedDefaults, solveMixed } from "./mixed.ts";
import { lateCover } from "./offload.ts";
import { nothingToScale, onePool, scaleTo } from "./one-pool.ts";

const GATE_WINDOW_S = 3600;

const defaults = { ...mixedDefaults, gate: 1.5, headroom: 0.3 };

function peakToMedian(rates: readonly number[]): number {
  const sorted = [...rates].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const peak = sorted.at(-1) ?? 0;
  return median > 0 ? peak / median : peak > 0 ? Number.POSITIVE_INFINITY : 1;
}

function solve(problem: TuningProblem, settings: typeof defaults): Solution {
  const { observation } = problem;
  const ratio = peakToMedian(recentWindows(observation, GATE_WINDOW_S).map((window) => window.peakRateRps));
  const gate = `peak is ${ratio.toFixed(2)} x median over the last hour, gate ${settings.gate}`;
  if (ratio > settings.gate) return solveMixed(problem, settings, "paragon", `${gate}: machines for the load alone; `);

  const pool = onePool(problem, settings.type, true, settings.spot);
  if (pool === null) return nothingToScale(problem, "paragon");
  const need = (rateRps: number): number => Math.ceil(((1 + settings.headroom) * rateRps) / pool.capacityRps - 1e-9);
  const rates = recentWindows(observation, settings.holdS).map((window) => window.arrivalRateRps);
  const running = pool.units(pool.current);
  const now = need(rates.at(-1) ?? 0);
  const units = now >= running ? now : Math.min(running, Math.max(...rates.map(need)));
  const cover = lateCover(problem, pool.current, settings.deadlineShare);
  const text = `paragon: ${gate}: machines plus ${(100 * settings.headroom).toFixed(0)} %${cover.note}`;
  return scaleTo(problem, pool, units, text, cover.set);
}

export const paragon = defineOptimizer({
  name: "paragon",
  summary: "mixed behind a peak-to-median gate; machines with headroom where the load is even",
  settings: defaults,
  choices: { forecast: forecastChoices },
  bounds: { margin: [-0.9, 10], windowS: [1, 3600], deadlineShare: [0.1, 1] },
  sweep: { gate: [1, 1.5], holdS: [30, 120, 300], margin: [-0.15, 0], spot: [false, true], type: ["", "cheapest"] },
  worthTrying: offered,
  solve,
});
