// The Kubernetes Horizontal Pod Autoscaler on utilisation.
//
// desired = ceil(n * metric / target), kept when |metric/target - 1| <= 0.1
// down: the largest desired of the last 300 s (stabilisation);  up at once, by at most max(100 %, 4 pods) per 15 s
// Source: Kubernetes documentation, "Horizontal Pod Autoscaling": algorithm details, default behavior.
// Differs: windows stand for the 15-s sync period; a window longer than that allows as many policy steps as fit in it.

import type { PastWindow, Solution, TuningProblem } from "../core/index.ts";
import { defineOptimizer } from "./entry.ts";
import { recentWindows } from "./history.ts";
import { holdPool, nothingToScale, onePool, scaleTo } from "./one-pool.ts";

const SYNC_S = 15;
const PODS_PER_SYNC = 4;

const defaults = { targetUtilization: 0.6, tolerance: 0.1, downWindowS: 300, upWindowS: 0, type: "", functions: false };

function solve(problem: TuningProblem, settings: typeof defaults): Solution {
  const { observation } = problem;
  const pool = onePool(problem, settings.type, settings.functions);
  if (pool === null) return nothingToScale(problem, "hpa");
  const desired = (window: PastWindow): number => {
    const n = pool.units(window.configuration);
    const ratio = window.utilization / settings.targetUtilization;
    return Math.abs(ratio - 1) <= settings.tolerance ? n : Math.ceil(n * ratio - 1e-9);
  };
  const over = (seconds: number): number[] => recentWindows(observation, seconds).map(desired);
  const running = pool.units(pool.current);
  const up = Math.min(...over(settings.upWindowS));
  const down = Math.max(...over(settings.downWindowS));
  const used = (100 * observation.metrics.utilization).toFixed(0);
  const text = `hpa: ${used} % used against a target of ${(100 * settings.targetUtilization).toFixed(0)} %`;
  if (up > running) {
    const syncs = Math.max(1, Math.floor(observation.metrics.durationS / SYNC_S));
    let most = running;
    for (let i = 0; i < syncs && most < up; i++) most = Math.max(2 * most, most + PODS_PER_SYNC);
    return scaleTo(problem, pool, Math.min(up, most), text);
  }
  if (down < running) return scaleTo(problem, pool, down, text);
  return holdPool(problem, pool, `${text}; holding ${running.toFixed(0)}`);
}

export const hpa = defineOptimizer({
  name: "hpa",
  summary: "Kubernetes' Horizontal Pod Autoscaler on utilisation, with tolerance, stabilisation and policies",
  settings: defaults,
  bounds: { targetUtilization: [0.05, 1], tolerance: [0, 1] },
  sweep: { targetUtilization: [0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8] },
  solve,
});
