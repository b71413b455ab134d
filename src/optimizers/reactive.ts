// Reactive: SageMaker's target tracking on invocations per instance, the rule most endpoints run today.
//
// target = share * capacity of one instance
// out:  invocations per instance > target in every minute of `outAfterS`  =>  desired = ceil(n * metric / target)
// in:   invocations per instance < 0.9 * target in every minute of `inAfterS`, and no scale-in for `inCooldownS`
// Source: AWS Application Auto Scaling, target tracking of SageMakerVariantInvocationsPerInstance: alarms over 3 and
//   15 one-minute periods, scale-in cooldown 300 s; the baseline of C. Zhang et al., "MArk", USENIX ATC 2019.
// Differs: where windows are longer than a minute, a window is a minute. While a scale-out is under way only a larger
//   ask goes through, which for an absolute target is the documented meaning of the scale-out cooldown.

import type { Configuration, Solution, TuningProblem } from "../core/index.ts";
import { defineOptimizer } from "./entry.ts";
import { carriedRps, countOf, primaryOption, roundUp, type SizedOption, serverOptions, sizedOptions } from "./fleet.ts";
import { due, historySteps, lastChangeS, targetOf } from "./history.ts";
import { hold, settle } from "./solution.ts";

const PERIOD_S = 60;
/** AWS sets the scale-in alarm this far below the target. */
const SCALE_IN_SHARE = 0.9;

const defaults = { targetShare: 0.7, type: "", outAfterS: 180, inAfterS: 900, inCooldownS: 300 };

/** The primary's count whose per-instance rate is the target, other servers carrying their part. */
function desiredCount(option: SizedOption, rateRps: number, othersRps: number, targetRps: number): number {
  const rest = Math.max(0, rateRps - (othersRps * targetRps) / option.capacityRps);
  return Math.max(1, Math.ceil(rest / targetRps - 1e-9));
}

function solve(problem: TuningProblem, settings: typeof defaults): Solution {
  const { observation } = problem;
  const current = targetOf(observation);
  const options = sizedOptions(problem, serverOptions(problem), current);
  const option = primaryOption(options, settings.type);
  if (option === undefined) return hold(problem, "reactive: nothing to scale; holding");
  if (!due(observation, PERIOD_S)) return hold(problem, `reactive: decides every ${PERIOD_S} s; holding until then`);

  const targetRps = settings.targetShare * option.capacityRps;
  const others = options.filter((candidate) => candidate.knob !== option.knob);
  const othersRps = carriedRps(others, current);
  const perInstance = (rateRps: number, configuration: Configuration): number => {
    const inUnits = carriedRps(options, configuration) / option.capacityRps;
    return rateRps / Math.max(1, inUnits);
  };
  const minutes = (seconds: number) => historySteps(observation, PERIOD_S, Math.max(1, Math.round(seconds / PERIOD_S)));
  const running = countOf(current, option);
  const rateRps = minutes(PERIOD_S)[0]?.rateRps ?? problem.load.rateRps;
  const desired = desiredCount(option, rateRps, othersRps, targetRps);
  const per = perInstance(rateRps, current).toFixed(2);
  const text = `${per} requests/s per ${option.host} against a target of ${targetRps.toFixed(2)}`;

  const high = minutes(settings.outAfterS).every((m) => perInstance(m.rateRps, m.configuration) > targetRps);
  if (desired > running && (high || running === 0)) {
    const count = roundUp(option.counts, desired);
    return settle(problem, { ...current, [option.knob]: count }, `reactive: ${text}: out from ${running} to ${count}`);
  }
  const last = minutes(settings.inAfterS);
  const longEnough = last.reduce((sum, m) => sum + m.durationS, 0) >= settings.inAfterS - PERIOD_S;
  const low = longEnough && last.every((m) => perInstance(m.rateRps, m.configuration) < SCALE_IN_SHARE * targetRps);
  const lastInS = lastChangeS(observation, (configuration) => countOf(configuration, option), -1);
  const cooled = lastInS === null || observation.timeS - lastInS >= settings.inCooldownS;
  if (desired < running && low && cooled) {
    const count = roundUp(option.counts, desired);
    return settle(problem, { ...current, [option.knob]: count }, `reactive: ${text}: in from ${running} to ${count}`);
  }
  return hold(problem, `reactive: ${text}; holding ${running}`);
}

export const reactive = defineOptimizer({
  name: "reactive",
  summary: "SageMaker target tracking on invocations per instance, with its alarms and cooldown",
  settings: defaults,
  bounds: { targetShare: [0.05, 1] },
  sweep: { targetShare: [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] },
  solve,
});
