// Ray Serve's autoscaling on ongoing requests per replica.
//
// desired = ceil(n * (ongoing / n) / target);  up after 30 s of wanting more in every look, down after 600 s of less
// Source: Ray Serve documentation, "Advanced autoscaling": target_ongoing_requests 2, look_back_period_s 30,
//   upscale_delay_s 30, downscale_delay_s 600, factors 1.
// Differs: a look is a window, where Ray looks every 0.1 s; ongoing requests in service come from Little's law.

import type { Solution, TuningProblem } from "../core/index.ts";
import { defineOptimizer } from "./entry.ts";
import { recentWindows } from "./history.ts";
import { holdPool, nothingToScale, onePool, ongoing, scaleTo } from "./one-pool.ts";

const defaults = {
  targetOngoing: 2,
  lookBackS: 30,
  upscaleDelayS: 30,
  downscaleDelayS: 600,
  type: "",
  functions: false,
};

function solve(problem: TuningProblem, settings: typeof defaults): Solution {
  const { observation } = problem;
  const pool = onePool(problem, settings.type, settings.functions);
  if (pool === null) return nothingToScale(problem, "ray-serve");
  const windows = recentWindows(observation, settings.downscaleDelayS + settings.lookBackS);
  const inSystem = windows.map((window) => ongoing(problem, pool, window));
  /** Mean over the look-back that ends with window i. */
  const desiredAt = (i: number): number => {
    const endS = windows[i]?.timeS ?? 0;
    const looked = inSystem.filter((_, j) => {
      const window = windows[j];
      return (
        j <= i &&
        (j === i || (window !== undefined && window.timeS - window.durationS >= endS - settings.lookBackS - 1e-6))
      );
    });
    return Math.ceil(
      looked.reduce((sum, value) => sum + value, 0) / Math.max(1, looked.length) / settings.targetOngoing - 1e-9,
    );
  };
  const latest = windows.length - 1;
  const now = Math.max(1, desiredAt(latest));
  const running = pool.units(pool.current);
  const way = Math.sign(now - running);
  /** How long every look so far wanted to go the same way. */
  let wantedS = 0;
  for (let i = latest; i >= 0; i--) {
    const window = windows[i];
    if (window === undefined || Math.sign(Math.max(1, desiredAt(i)) - pool.units(window.configuration)) !== way) break;
    wantedS += window.durationS;
  }
  const text = `ray-serve: ${(inSystem[latest] ?? 0).toFixed(1)} requests under way against ${settings.targetOngoing} per replica`;
  const delayS = way > 0 ? settings.upscaleDelayS : settings.downscaleDelayS;
  if (way === 0) return holdPool(problem, pool, `${text}; holding ${running.toFixed(0)}`);
  if (running >= 1 && wantedS < delayS) {
    return holdPool(
      problem,
      pool,
      `${text}; wanted ${now} for ${wantedS.toFixed(0)} of ${delayS} s, holding ${running.toFixed(0)}`,
    );
  }
  return scaleTo(problem, pool, now, text);
}

export const rayServe = defineOptimizer({
  name: "ray-serve",
  summary: "Ray Serve's autoscaling on ongoing requests per replica, with its delays",
  settings: defaults,
  bounds: { targetOngoing: [0.01, 10000] },
  sweep: { targetOngoing: [0.15, 0.2, 0.25, 0.3, 0.5, 0.7, 1, 2] },
  solve,
});
