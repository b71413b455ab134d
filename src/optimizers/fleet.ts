// What can be scaled: the knobs that count servers, each with its price, launch delay and capacity.

import type { Configuration, Knob, KnobValue, TuningProblem } from "../core/index.ts";

/** One way to get servers: a knob that counts them. */
export interface ServerOption {
  /** Name of the knob. */
  readonly knob: string;
  /** As the performance model names the host. */
  readonly host: string;
  readonly market: "onDemand" | "spot";
  /** One server; 0 where the catalogue does not price it. */
  readonly usdPerHour: number;
  /** Mean time from launch to ready. */
  readonly launchS: number;
  /** Expected losses of one server; 0 on demand. */
  readonly lossesPerHour: number;
  readonly gpus: number;
  readonly vcpus: number;
  /** Values the knob may take now, ascending. */
  readonly counts: readonly number[];
}

/** A server option with what one server of it carries. */
export interface SizedOption extends ServerOption {
  readonly capacityRps: number;
}

/** Knob values that an observation's mask leaves. */
export function allowedValues(problem: TuningProblem, knob: Knob): readonly KnobValue[] {
  const mask = problem.observation.mask?.[knob.name];
  return mask === undefined ? knob.values : knob.values.filter((value) => mask.includes(value));
}

/** The number values of a knob, ascending; empty where the lattice has no such knob. */
export function numbersOf(problem: TuningProblem, name: string): readonly number[] {
  const knob = problem.lattice.knobs.find((candidate) => candidate.name === name);
  if (knob === undefined) return [];
  return allowedValues(problem, knob)
    .filter((value) => typeof value === "number")
    .sort((a, b) => a - b);
}

/** A number of a configuration, or the fallback where it has none. */
export function numberAt(configuration: Configuration, name: string, fallback: number): number {
  const value = configuration[name];
  return typeof value === "number" ? value : fallback;
}

function meanS(spec: TuningProblem["catalogue"]["instances"][number]["launchS"]): number {
  if ("constant" in spec) return spec.constant;
  if ("uniform" in spec) return (spec.uniform[0] + spec.uniform[1]) / 2;
  if ("exponential" in spec) return spec.exponential;
  return spec.lognormal.mean;
}

/** One model instance of the one host, as the model prices it; asked for only where a budget may bind. */
function instanceUsdPerHour(problem: TuningProblem): number {
  if (problem.limits.usdPerHour === undefined) return 0;
  const single = { ...problem.observation.configuration, concurrency: 1 };
  return problem.model.predict(single, { rateRps: 0 }).costUsdPerHour;
}

const machineKnob = /^instances\.(.+)\.(onDemand|spot)$/;

function machineOption(problem: TuningProblem, knob: string, host: string, market: "onDemand" | "spot"): ServerOption {
  const type = problem.catalogue.instances.find((candidate) => candidate.name === host);
  const units = knob === "replicas" ? numberAt(problem.observation.configuration, "tensorParallel", 1) : 1;
  const ratio = market === "spot" ? (type?.spotPriceRatio ?? 1) : 1;
  return {
    knob,
    host,
    market,
    usdPerHour: knob === "concurrency" ? instanceUsdPerHour(problem) : (type?.usdPerHour ?? 0) * ratio * units,
    launchS: type === undefined ? 0 : meanS(type.launchS),
    lossesPerHour: market === "spot" ? (type?.spotInterruptionsPerHour ?? 0) : 0,
    gpus: (type?.gpus ?? 0) * units,
    vcpus: (type?.vcpus ?? 0) * units,
    counts: numbersOf(problem, knob),
  };
}

/**
 * Every way to get servers: machines by type and market, else replicas of the running type, else model instances of
 * the one host (`concurrency`). Empty where nothing can be scaled, as with functions alone.
 */
export function serverOptions(problem: TuningProblem): readonly ServerOption[] {
  const names = problem.lattice.knobs.map((knob) => knob.name);
  const machines = names.flatMap((name) => {
    const [, host, market] = machineKnob.exec(name) ?? [];
    return host === undefined ? [] : [machineOption(problem, name, host, market === "spot" ? "spot" : "onDemand")];
  });
  if (machines.length > 0) return machines;
  const running = problem.observation.configuration["instanceType"];
  const host = typeof running === "string" ? running : "host";
  if (names.includes("replicas")) return [machineOption(problem, "replicas", host, "onDemand")];
  if (names.includes("concurrency")) return [machineOption(problem, "concurrency", host, "onDemand")];
  return [];
}

/** What one server of an option carries within the SLO under the other knobs of a configuration. */
export function capacityOf(problem: TuningProblem, option: ServerOption, configuration: Configuration): number {
  const single = option.knob === "concurrency" ? { ...configuration, concurrency: 1 } : configuration;
  return problem.model.capacityRps(option.host, single);
}

/** The options that carry anything within the SLO, with their capacities. */
export function sizedOptions(
  problem: TuningProblem,
  options: readonly ServerOption[],
  configuration: Configuration,
): readonly SizedOption[] {
  return options
    .map((option) => ({ ...option, capacityRps: capacityOf(problem, option, configuration) }))
    .filter((option) => option.capacityRps > 0);
}

/** Servers of an option that a configuration asks for. */
export function countOf(configuration: Configuration, option: ServerOption): number {
  return numberAt(configuration, option.knob, 0);
}

/** The smallest value of a knob that is at least `count`, else its largest. @param counts ascending */
export function roundUp(counts: readonly number[], count: number): number {
  return counts.find((value) => value >= count - 1e-9) ?? counts.at(-1) ?? 0;
}

/** What the servers of a configuration carry together. */
export function carriedRps(options: readonly SizedOption[], configuration: Configuration): number {
  return options.reduce((sum, option) => sum + option.capacityRps * countOf(configuration, option), 0);
}

/**
 * The option a rule for one kind of server scales: the named type where one is named, else on demand before spot,
 * and of those the least cost for what it carries.
 */
export function primaryOption(options: readonly SizedOption[], type: string): SizedOption | undefined {
  const named = type === "" ? options : options.filter((option) => option.host === type);
  const scalable = named.filter((option) => (option.counts.at(-1) ?? 0) > 0);
  const onDemand = scalable.filter((option) => option.market === "onDemand");
  const [first, ...others] = onDemand.length > 0 ? onDemand : scalable;
  if (first === undefined) return undefined;
  const unitCost = (option: SizedOption): number => option.usdPerHour / option.capacityRps;
  return others.reduce((best, option) => (unitCost(option) < unitCost(best) ? option : best), first);
}

/** Servers of an option that are ready, of those a configuration asks for. */
export function readyCount(problem: TuningProblem, option: ServerOption, configuration: Configuration): number {
  const wanted = countOf(configuration, option);
  const fleet = problem.observation.fleet[option.host];
  if (fleet === undefined) return Math.min(wanted, countOf(problem.observation.configuration, option));
  const spot = Math.min(fleet.spot, fleet.ready);
  return Math.min(
    wanted,
    option.market === "spot" ? spot : option.knob === "replicas" ? fleet.ready : fleet.ready - spot,
  );
}

/** What the ready servers of a configuration carry together. */
export function readyRps(
  problem: TuningProblem,
  options: readonly SizedOption[],
  configuration: Configuration,
): number {
  return options.reduce((sum, option) => sum + option.capacityRps * readyCount(problem, option, configuration), 0);
}
