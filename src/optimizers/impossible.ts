// Says when no configuration at all can serve the load within SLO and limits, and which limit binds.
//
// Every test is a relaxation: each limit binds alone, with fractions of servers and the best batch and threads for
// each, so that a possible problem is never called impossible.

import type { Configuration, TuningProblem } from "../core/index.ts";
import { capacityOf, numbersOf, type ServerOption, serverOptions } from "./fleet.ts";

/** Something that serves: how many there may be, and what one carries, costs and takes of each limit. */
interface Supply {
  readonly most: number;
  readonly rps: number;
  readonly gpus: number;
  readonly vcpus: number;
  readonly usdPerHour: number;
}

/** The running configuration with every mix of values of the named knobs. */
function mixes(problem: TuningProblem, names: readonly string[]): readonly Configuration[] {
  const start: readonly Configuration[] = [{ ...problem.observation.configuration, maxBatchDelayMs: 0 }];
  return names.reduce((list, name) => {
    const values = numbersOf(problem, name);
    return values.length === 0 ? list : list.flatMap((point) => values.map((value) => ({ ...point, [name]: value })));
  }, start);
}

/** Whether functions can take requests. */
export function functionsServe(problem: TuningProblem): boolean {
  if (problem.catalogue.function === null) return false;
  const called = numbersOf(problem, "offloadThresholdMs").some(Number.isFinite);
  return called || problem.lattice.knobs.every((knob) => !/^(instances\.|replicas$|concurrency$)/.test(knob.name));
}

function fastestMs(problem: TuningProblem, host: string, points: readonly Configuration[]): number {
  const times = points.map((point) => problem.model.serviceMs(host, point, 1));
  return Math.min(Number.POSITIVE_INFINITY, ...times);
}

/** What a limit lets run carries, the cheapest users of it first. */
function rpsWithin(supplies: readonly Supply[], uses: (supply: Supply) => number, limit: number): number {
  let left = limit;
  let sum = 0;
  for (const supply of [...supplies].sort((a, b) => uses(a) / a.rps - uses(b) / b.rps)) {
    const count = uses(supply) > 0 ? Math.min(supply.most, left / uses(supply)) : supply.most;
    sum += count * supply.rps;
    left -= count * uses(supply);
  }
  return sum;
}

/** Functions counted by the request per second; priced by the model at no server and everything offloaded. */
function functionSupply(problem: TuningProblem, options: readonly ServerOption[], serviceMs: number): Supply {
  const none = Object.fromEntries(options.map((option) => [option.knob, 0]));
  const configuration = { ...problem.observation.configuration, ...none, offloadThresholdMs: 0 };
  const priced = problem.limits.usdPerHour !== undefined;
  const usdPerHour = priced ? problem.model.predict(configuration, { rateRps: 1 }).costUsdPerHour : 0;
  const most = (problem.catalogue.function?.concurrencyLimit ?? 0) / (serviceMs / 1000);
  return { most, rps: 1, gpus: 0, vcpus: 0, usdPerHour };
}

function binding(problem: TuningProblem, supplies: readonly Supply[]): string | null {
  const { rateRps } = problem.load;
  const { gpus, vcpus, usdPerHour } = problem.limits;
  const limits = [
    [0, () => 0, "load above every limit"],
    [gpus, (supply: Supply) => supply.gpus, `limits.gpus ${gpus} binds`],
    [vcpus, (supply: Supply) => supply.vcpus, `limits.vcpus ${vcpus} binds`],
    [usdPerHour, (supply: Supply) => supply.usdPerHour, `the budget of ${usdPerHour} USD/h binds`],
  ] as const;
  for (const [limit, uses, name] of limits) {
    const rps = limit === undefined ? rateRps : rpsWithin(supplies, uses, limit);
    if (rps < rateRps * (1 - 1e-9)) {
      return `${name}: all that may run carries ${rps.toFixed(1)} of ${rateRps.toFixed(1)} requests/s`;
    }
  }
  return null;
}

/**
 * Why the problem cannot be solved by any configuration, naming the limit that binds and its numbers.
 * @returns null when it may be possible
 */
export function impossible(problem: TuningProblem): string | null {
  const options = serverOptions(problem).filter((option) => (option.counts.at(-1) ?? 0) > 0);
  const functions = functionsServe(problem);
  if (options.length === 0 && !functions) return "no server may run: no knob counts one above 0";
  const points = mixes(problem, ["intraOpThreads", "interOpThreads", "tensorParallel"]);
  const memories = mixes(problem, ["functionMemoryMb"]);
  const hosts = [...new Set(options.map((option) => option.host))];
  const times = hosts.map((host) => ({ host, ms: fastestMs(problem, host, points) }));
  if (functions) times.push({ host: "function", ms: fastestMs(problem, "function", memories) });
  const best = times.reduce((a, b) => (b.ms < a.ms ? b : a));
  const [slo] = problem.objective.slo;
  if (!(best.ms <= slo.latencyMs)) {
    const fastest = `the fastest, ${best.host}, takes ${best.ms.toPrecision(4)} ms for one request`;
    return `no server fits the SLO of ${slo.latencyMs} ms: ${fastest}`;
  }
  const batches = mixes(problem, ["intraOpThreads", "interOpThreads", "tensorParallel", "maxBatchSize"]);
  const supplies: Supply[] = options.map((option) => ({
    ...option,
    most: option.counts.at(-1) ?? 0,
    rps: batches.reduce((most, point) => Math.max(most, capacityOf(problem, option, point)), 0),
  }));
  const functionMs = times.find(({ host }) => host === "function")?.ms ?? Number.POSITIVE_INFINITY;
  if (functionMs <= slo.latencyMs) supplies.push(functionSupply(problem, options, functionMs));
  return binding(
    problem,
    supplies.filter((supply) => supply.rps > 0),
  );
}
