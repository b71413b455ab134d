// Rules for one kind of server: the pool they scale, counted in servers of that kind, and how they scale it.

import type { Configuration, PastWindow, Solution, TuningProblem } from "../core/index.ts";
import {
  carriedRps,
  countOf,
  numberAt,
  primaryOption,
  readyCount,
  roundUp,
  type SizedOption,
  serverOptions,
  sizedOptions,
} from "./fleet.ts";
import { targetOf } from "./history.ts";
import { noCover } from "./offload.ts";
import { hold, settle } from "./solution.ts";

/** A pool as a rule for one kind of server sees it. */
export interface OnePool {
  /** What was last asked for; where the rule knows no functions, without them. */
  readonly current: Configuration;
  /** The kind that is scaled. */
  readonly option: SizedOption;
  readonly capacityRps: number;
  /** Other kinds of server. */
  readonly others: readonly SizedOption[];
  /** Whether the kind was named, so that other kinds are let go once it carries the load. */
  readonly named: boolean;
  /** Servers of all kinds in a configuration, in units of the scaled kind's capacity. */
  units(configuration: Configuration): number;
}

/** The kind of which the scenario starts with most, by what it carries; undefined when it starts with none. */
function startingOption(problem: TuningProblem, options: readonly SizedOption[]): SizedOption | undefined {
  const carried = (option: SizedOption): number => countOf(problem.initial, option) * option.capacityRps;
  const [first, ...others] = options.filter((option) => carried(option) > 0);
  return first && others.reduce((best, option) => (carried(option) > carried(best) ? option : best), first);
}

/**
 * The kind of server that a rule for one kind scales.
 * @param type instance type; "" for the kind the scenario starts with, or where it starts with none, the least cost per
 *   request; "cheapest" for that in any case
 * @param spot whether spot machines are preferred
 */
export function chooseOption(
  problem: TuningProblem,
  options: readonly SizedOption[],
  type: string,
  spot: boolean,
): SizedOption | undefined {
  const onSpot = options.filter((option) => option.market === "spot");
  const offered = spot && onSpot.length > 0 ? onSpot : options;
  const starting = type === "" ? startingOption(problem, options) : undefined;
  const sameKind = starting && offered.find((option) => option.host === starting.host);
  return sameKind ?? primaryOption(offered, type === "cheapest" ? "" : type) ?? starting;
}

/**
 * The pool, or null when nothing can be scaled. @param type and @param spot as for `chooseOption`
 * @param functions whether the rule leaves the offload threshold alone; else nothing is offloaded
 */
export function onePool(problem: TuningProblem, type: string, functions: boolean, spot = false): OnePool | null {
  const cover = functions ? {} : noCover(problem, "the rule knows none").set;
  const current = { ...targetOf(problem.observation), ...cover };
  const options = sizedOptions(problem, serverOptions(problem), current);
  const option = chooseOption(problem, options, type, spot);
  if (option === undefined) return null;
  const { capacityRps } = option;
  return {
    current,
    option,
    capacityRps,
    others: options.filter((other) => other.knob !== option.knob),
    named: type !== "" || spot,
    units: (configuration) => carriedRps(options, configuration) / capacityRps,
  };
}

/** The solution that leaves the pool as it is. */
export function holdPool(problem: TuningProblem, pool: OnePool, explanation: string): Solution {
  return settle(problem, pool.current, explanation);
}

/** Why nothing is scaled. */
export function nothingToScale(problem: TuningProblem, name: string): Solution {
  return hold(problem, `${name}: nothing to scale; holding`);
}

/**
 * The pool brought to `units`, never below one server. Other kinds are left as they are, and where the kind was named,
 * let go as soon as its ready servers carry everything.
 * @param also other knobs to set
 */
export function scaleTo(
  problem: TuningProblem,
  pool: OnePool,
  units: number,
  explanation: string,
  also: Configuration = {},
): Solution {
  const { option, current, others } = pool;
  const running = countOf(current, option);
  const elsewhere = pool.named ? 0 : pool.units(current) - running;
  const count = roundUp(option.counts, Math.max(elsewhere > 0 ? 0 : 1, Math.ceil(units - elsewhere - 1e-9)));
  const change =
    count > running
      ? `from ${running} up to ${count}`
      : count < running
        ? `from ${running} down to ${count}`
        : `stays at ${count}`;
  const wanted = { ...current, ...also, [option.knob]: count };
  const replaced = pool.named && readyCount(problem, option, wanted) >= Math.min(count, Math.ceil(units - 1e-9));
  const released = replaced ? Object.fromEntries(others.map((other) => [other.knob, other.counts[0] ?? 0])) : {};
  return settle(problem, { ...wanted, ...released }, `${explanation}: ${option.host} ${change}`);
}

/** Requests in the system at a window's end, by Little's law for those in service, plus those waiting. */
export function ongoing(problem: TuningProblem, pool: OnePool, window: PastWindow): number {
  const batch = Math.max(1, Math.round(problem.observation.metrics.meanBatchSize ?? 1));
  const serviceMs = problem.model.serviceMs(pool.option.host, window.configuration, batch);
  const slots = pool.units(window.configuration) * numberAt(window.configuration, "concurrency", 1) * batch;
  return window.queueLength + Math.min(slots, (window.arrivalRateRps * serviceMs) / 1000);
}
