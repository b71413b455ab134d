// Reactive: SageMaker's target tracking on invocations per instance, the rule most endpoints run today.
//
// target = share * capacity of one instance
// out:  invocations per instance > target in every minute of `outAfterS`  =>  desired = ceil(n * metric / target)
// in:   invocations per instance < 0.9 * target in every minute of `inAfterS`, and no scale-in for `inCooldownS`
// Source: AWS Application Auto Scaling, target tracking of SageMakerVariantInvocationsPerInstance: alarms over 3 and
//   15 one-minute periods, scale-in cooldown 300 s; the baseline of C. Zhang et al., "MArk", USENIX ATC 2019.
// Differs: where windows are longer than a minute, a window is a minute. While a scale-out is under way only a larger
//   ask goes through, which for an absolute target is the documented meaning of the scale-out cooldown.

import type { Solution, TuningProblem } from "../core/index.ts";
import { defineOptimizer, offered } from "./entry.ts";
import { countOf } from "./fleet.ts";
import { due, type HistoryStep, historySteps, lastChangeS } from "./history.ts";
import { holdPool, nothingToScale, onePool, scaleTo } from "./one-pool.ts";

const PERIOD_S = 60;
/** AWS sets the scale-in alarm this far below the target. */
const SCALE_IN_SHARE = 0.9;

const defaults = { targetShare: 0.7, type: "", functions: false, outAfterS: 180, inAfterS: 900, inCooldownS: 300 };

function solve(problem: TuningProblem, settings: typeof defaults): Solution {
  const { observation } = problem;
  const pool = onePool(problem, settings.type, settings.functions);
  if (pool === null) return nothingToScale(problem, "reactive");
  if (!due(observation, PERIOD_S))
    return holdPool(problem, pool, `reactive: decides every ${PERIOD_S} s; holding until then`);

  const targetRps = settings.targetShare * pool.capacityRps;
  const perInstance = (minute: HistoryStep): number => minute.rateRps / Math.max(1, pool.units(minute.configuration));
  const minutes = (seconds: number) => historySteps(observation, PERIOD_S, Math.max(1, Math.round(seconds / PERIOD_S)));
  const rateRps = minutes(PERIOD_S)[0]?.rateRps ?? problem.load.rateRps;
  const running = pool.units(pool.current);
  const desired = Math.max(1, Math.ceil(rateRps / targetRps - 1e-9));
  const per = (rateRps / Math.max(1, running)).toFixed(2);
  const text = `reactive: ${per} requests/s per instance against a target of ${targetRps.toFixed(2)}`;

  const high = minutes(settings.outAfterS).every((minute) => perInstance(minute) > targetRps);
  if (desired > running && (high || running === 0)) return scaleTo(problem, pool, desired, text);
  const last = minutes(settings.inAfterS);
  const longEnough = last.reduce((sum, minute) => sum + minute.durationS, 0) >= settings.inAfterS - 1;
  const low = longEnough && last.every((minute) => perInstance(minute) < SCALE_IN_SHARE * targetRps);
  const lastInS = lastChangeS(observation, (configuration) => countOf(configuration, pool.option), -1);
  const cooled = lastInS === null || observation.timeS - lastInS >= settings.inCooldownS;
  if (desired < running && low && cooled) return scaleTo(problem, pool, desired, text);
  return holdPool(problem, pool, `${text}; holding ${running.toFixed(0)}`);
}

export const reactive = defineOptimizer({
  name: "reactive",
  summary: "SageMaker target tracking on invocations per instance, with its alarms and cooldown",
  settings: defaults,
  bounds: { targetShare: [0.05, 1] },
  sweep: { targetShare: [0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], type: ["", "cheapest"] },
  worthTrying: offered,
  solve,
});
