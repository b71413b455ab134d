// What a fleet agent may have wrong, and what may befall its fleet: variants of a context that leave its arrivals alone.
//
// every variant learns from whole days and an hour of settling, and is scored over the two days that follow, or fewer
// Source: fleet-switching.md, ablation ("wrong belief") and failure modes 1, 2 and 5.

import type { LoadedScenario, Scenario } from "../environments/index.ts";
import { resolveCatalogue } from "../src/catalogue/index.ts";
import { ConfigError } from "../src/core/index.ts";
import { stretchedDuration } from "../src/math/index.ts";
import type { TaskHearsay } from "../src/training/index.ts";
import { capacityOfZones, type ZoneRecord } from "./spot-zones.ts";

/** A context as it is in truth, and what the agent is told of it. */
export interface Perturbation extends TaskHearsay {
  readonly name: string;
  /** The variant whose cost is the measure; null for one that is a measure itself. */
  readonly against: string | null;
  readonly real: LoadedScenario;
}

const DAY_S = 86_400;
const SETTLE_S = 3600;
const SCORED_DAYS = 2;
/** Calls at once in the variant with few functions: at .38 s a call they take 66 a second. */
const FEW_CALLS = 25;

/** A scenario's workload, which must have a length of its own. */
function workloadOf({ name, workload }: Scenario): Exclude<Scenario["workload"], { readonly model: "sum" }> {
  if (workload.model !== "sum") return workload;
  throw new ConfigError(name, [{ path: "workload.model", expected: "one with a durationS", found: "sum" }]);
}

function withWorkload(scenario: Scenario, warmupS: number, durationS: number): Scenario {
  return { ...scenario, workload: { ...workloadOf(scenario), warmupS, durationS } };
}

/** Warm-up of whole days and an hour, so that all those days are recalled rather than lived. */
function shortened(scenario: Scenario): Scenario {
  const { warmupS, durationS = 0 } = workloadOf(scenario);
  const days = Math.max(1, Math.floor((warmupS - SETTLE_S) / DAY_S));
  const scoredS = Math.min(SCORED_DAYS * DAY_S, durationS - warmupS);
  return withWorkload(scenario, days * DAY_S + SETTLE_S, days * DAY_S + SETTLE_S + scoredS);
}

function withLaunches(scenario: Scenario, factor: number): Scenario {
  const { overrides } = scenario.catalogue ?? {};
  if (scenario.catalogue === undefined) return scenario;
  const slower = resolveCatalogue(scenario.catalogue).instances.map(({ name, launchS }) => [
    name,
    { ...overrides?.[name], launchS: stretchedDuration(launchS, factor) },
  ]);
  return {
    ...scenario,
    catalogue: { ...scenario.catalogue, overrides: { ...overrides, ...Object.fromEntries(slower) } },
  };
}

function withCallPrice(scenario: Scenario, factor: number): Scenario {
  const { catalogue } = scenario;
  const called = catalogue === undefined ? null : resolveCatalogue(catalogue).function;
  if (catalogue === undefined || called === null) return scenario;
  const priced = { usdPerGbS: factor * called.usdPerGbS, usdPerRequest: factor * called.usdPerRequest };
  return { ...scenario, catalogue: { ...catalogue, function: { ...catalogue.function, ...priced } } };
}

function withFewCalls(scenario: Scenario): Scenario {
  const { catalogue } = scenario;
  if (catalogue === undefined) return scenario;
  const limited = { ...catalogue.function, concurrencyLimit: FEW_CALLS };
  return { ...scenario, catalogue: { ...catalogue, function: limited } };
}

/** Knobs that count spot machines, and the largest count of each. */
function spotHosts({ knobs }: Scenario): { readonly host: string; readonly most: number }[] {
  return Object.entries(knobs).flatMap(([name, values]) => {
    const [, host] = /^instances\.(.+)\.spot$/.exec(name) ?? [];
    return host === undefined ? [] : [{ host, most: Math.max(...values.map(Number)) }];
  });
}

function withoutLosses(scenario: Scenario): Scenario {
  if (scenario.catalogue === undefined) return scenario;
  const overrides = { ...scenario.catalogue.overrides };
  for (const { host } of spotHosts(scenario)) overrides[host] = { ...overrides[host], spotInterruptionsPerHour: 0 };
  return { ...scenario, catalogue: { ...scenario.catalogue, overrides } };
}

function withZones(scenario: Scenario, zones: readonly ZoneRecord[]): Scenario {
  const untilS = workloadOf(scenario).durationS ?? 0;
  const markets = { ...scenario.markets };
  for (const { host, most } of spotHosts(scenario)) {
    const steps = capacityOfZones(zones, Math.ceil(most / zones.length), untilS);
    markets[host] = { ...markets[host], spotCapacity: [...steps] };
  }
  return { ...scenario, markets };
}

/** Whether a context has a spot market, so that zones may be lost. */
export function hasSpot({ scenario }: LoadedScenario): boolean {
  return spotHosts(scenario).length > 0;
}

/**
 * The variants of a context.
 * @param other whose arrivals stand for its own in one of them; an arrival model, which is as long as need be
 * @param zones of its spot market; none for no variants of it
 * @throws {ConfigError} when a workload is a sum, whose length is its parts'
 */
export function perturbationsOf(
  context: LoadedScenario,
  other: LoadedScenario,
  zones: readonly ZoneRecord[],
): Perturbation[] {
  const loaded = (scenario: Scenario): LoadedScenario => ({ ...context, scenario });
  const plain = shortened(context.scenario);
  const real = loaded(plain);
  const { warmupS } = plain.workload;
  const past = { ...other, scenario: withWorkload(other.scenario, 0, warmupS) };
  const slow = loaded(withLaunches(plain, 2));
  const spot: Perturbation[] = [
    { name: "no-losses", against: null, real: loaded(withoutLosses(plain)) },
    { name: "zones-lost", against: "no-losses", real: loaded(withZones(plain, zones)) },
  ];
  return [
    { name: "as-told", against: null, real },
    { name: "past-of-another-trace", against: "as-told", real, past },
    { name: "calls-told-at-half-price", against: "as-told", real, told: loaded(withCallPrice(plain, 0.5)) },
    { name: "calls-told-at-twice-the-price", against: "as-told", real, told: loaded(withCallPrice(plain, 2)) },
    { name: "launches-twice-as-long", against: null, real: slow },
    { name: "launches-twice-as-long-untold", against: "launches-twice-as-long", real: slow, told: real },
    { name: "few-calls-at-once", against: "as-told", real: loaded(withFewCalls(plain)) },
    ...(zones.length > 0 ? spot : []),
  ];
}
