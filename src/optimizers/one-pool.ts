// Rules for one kind of server: the pool they scale, counted in servers of that kind, and how they scale it.

import type { Configuration, PastWindow, Solution, TuningProblem } from "../core/index.ts";
import {
  carriedRps,
  countOf,
  numberAt,
  primaryOption,
  roundUp,
  type SizedOption,
  serverOptions,
  sizedOptions,
} from "./fleet.ts";
import { targetOf } from "./history.ts";
import { hold, settle } from "./solution.ts";

/** A pool as a rule for one kind of server sees it. */
export interface OnePool {
  /** What was last asked for. */
  readonly current: Configuration;
  /** The kind that is scaled. */
  readonly option: SizedOption;
  readonly capacityRps: number;
  /** Servers of all kinds in a configuration, in units of the scaled kind's capacity. */
  units(configuration: Configuration): number;
}

/**
 * The pool, or null when nothing can be scaled. @param type instance type; "" for the least cost per request
 * @param spot whether spot machines are preferred
 */
export function onePool(problem: TuningProblem, type: string, spot = false): OnePool | null {
  const current = targetOf(problem.observation);
  const options = sizedOptions(problem, serverOptions(problem), current);
  const onSpot = options.filter((option) => option.market === "spot");
  const option = (spot ? primaryOption(onSpot, type) : undefined) ?? primaryOption(options, type);
  if (option === undefined) return null;
  const { capacityRps } = option;
  return { current, option, capacityRps, units: (configuration) => carriedRps(options, configuration) / capacityRps };
}

/** Why nothing is scaled. */
export function nothingToScale(problem: TuningProblem, name: string): Solution {
  return hold(problem, `${name}: nothing to scale; holding`);
}

/**
 * The pool brought to `units`, other kinds of server left as they are; never below one server.
 * @param also other knobs to set
 */
export function scaleTo(
  problem: TuningProblem,
  pool: OnePool,
  units: number,
  explanation: string,
  also: Configuration = {},
): Solution {
  const running = countOf(pool.current, pool.option);
  const others = pool.units(pool.current) - running;
  const count = roundUp(pool.option.counts, Math.max(others > 0 ? 0 : 1, Math.ceil(units - others - 1e-9)));
  const change =
    count > running
      ? `from ${running} up to ${count}`
      : count < running
        ? `from ${running} down to ${count}`
        : `stays at ${count}`;
  const wanted = { ...pool.current, ...also, [pool.option.knob]: count };
  return settle(problem, wanted, `${explanation}: ${pool.option.host} ${change}`);
}

/** Requests in the system at a window's end, by Little's law for those in service, plus those waiting. */
export function ongoing(problem: TuningProblem, pool: OnePool, window: PastWindow): number {
  const batch = Math.max(1, Math.round(problem.observation.metrics.meanBatchSize ?? 1));
  const serviceMs = problem.model.serviceMs(pool.option.host, window.configuration, batch);
  const slots = pool.units(window.configuration) * numberAt(window.configuration, "concurrency", 1) * batch;
  return window.queueLength + Math.min(slots, (window.arrivalRateRps * serviceMs) / 1000);
}
