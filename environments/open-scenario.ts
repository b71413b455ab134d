// Opens a scenario: every name resolved, data read, ready to be simulated, tuned and evaluated.

import { committedUsdPerHour, resolveCatalogue } from "../src/catalogue/index.ts";
import { SimulatedCluster } from "../src/clusters/simulated.ts";
import {
  type AgentContext,
  type Catalogue,
  ConfigError,
  type Configuration,
  type KnobLattice,
  type Limits,
  type Objective,
  type Optimizer,
  type PerformanceModel,
  type ProfilePoint,
  type Random,
  type Slo,
} from "../src/core/index.ts";
import { closedFormModel } from "../src/performance/index.ts";
import { openProfile, type ServiceProfile } from "../src/profiles/index.ts";
import type { SimulationPlan } from "../src/simulator/plan.ts";
import { knobLattice } from "../src/spaces/index.ts";
import { laterWorkload, openWorkload } from "../src/workload/index.ts";
import { ClusterEnvironment } from "./cluster-environment.ts";
import { allowedBy, resolveKnobs } from "./knobs.ts";
import { given, mechanismsOf } from "./mechanisms.ts";
import { ObservationSpace } from "./observation-space.ts";
import { profilePointsOf } from "./prior-points.ts";
import { type LoadedScenario, loadScenario } from "./scenario-file.ts";
import type { Scenario } from "./scenario-schema.ts";

/** Where data is looked for. */
export interface OpenOptions {
  /** TRIMTAB_DATA, or null where there is none. */
  readonly dataFolder: string | null;
}

/** A scenario with everything it names at hand. */
export interface OpenScenario {
  readonly scenario: Scenario;
  /** Gymnasium id, such as "trimtab/ImageDiurnal-v0". */
  readonly id: string;
  readonly plan: SimulationPlan;
  readonly lattice: KnobLattice;
  readonly observationSpace: ObservationSpace;
  readonly objective: Objective;
  readonly catalogue: Catalogue;
  readonly limits: Limits;
  readonly model: PerformanceModel;
  readonly initial: Configuration;
  readonly intervalS: number;
  readonly profilePoints: readonly ProfilePoint[];
  readonly committedUsdPerHour: (configuration: Configuration) => number;
  readonly budgetUsdPerHour: number | null;
  /** Seconds of the workload to learn from; scoring starts where they end. */
  readonly warmupS: number;
}

/** Gymnasium id of a scenario name: "image-diurnal" is "trimtab/ImageDiurnal-v0". */
export function environmentId(name: string): string {
  const camel = name.replace(/(^|-)([a-z0-9])/g, (_, __, letter: string) => letter.toUpperCase());
  return `trimtab/${camel}-v0`;
}

function familyOf(typeName: string): string {
  return typeName.split(".")[0] ?? typeName;
}

function initialConfiguration(scenario: Scenario, lattice: KnobLattice, source: string): Configuration {
  const values = lattice.knobs.map((knob) => [knob.name, scenario.initial[knob.name] ?? knob.values[0] ?? 0] as const);
  const initial: Configuration = Object.fromEntries(values);
  if (!lattice.contains(initial)) {
    throw new ConfigError(source, [
      { path: "initial", expected: "a configuration that can run within the limits", found: JSON.stringify(initial) },
    ]);
  }
  return initial;
}

async function openProfiles(loaded: LoadedScenario, options: OpenOptions): Promise<Map<string, ServiceProfile>> {
  const specs = loaded.scenario.models[0]?.profiles ?? {};
  const opened = await Promise.all(
    Object.entries(specs).map(async ([key, spec]) => {
      const profile = await openProfile(spec, {
        baseFolder: loaded.folder,
        dataFolder: options.dataFolder,
        device: key,
      });
      return [key, profile] as const;
    }),
  );
  return new Map(opened);
}

function profileFor(profiles: ReadonlyMap<string, ServiceProfile>, key: string, source: string): ServiceProfile {
  const profile = profiles.get(key) ?? profiles.get(familyOf(key));
  if (profile === undefined) {
    throw new ConfigError(source, [
      {
        path: `models[0].profiles.${key}`,
        expected: `a profile for ${key} or its family ${familyOf(key)}`,
        found: [...profiles.keys()].join(", ") || "none",
      },
    ]);
  }
  return profile;
}

function objectiveOf(scenario: Scenario, committedInitialUsdPerHour: number): Objective {
  const [first, ...others] = scenario.slo;
  if (first === undefined)
    throw new ConfigError(scenario.name, [{ path: "slo", expected: "at least one", found: "none" }]);
  const { latency, miss, change } = scenario.objective.weights;
  const referenceUsdPerHour = scenario.objective.referenceUsdPerHour ?? (committedInitialUsdPerHour || 1);
  return {
    minimize: scenario.objective.minimize,
    slo: [first, ...others] satisfies readonly [Slo, ...Slo[]],
    reward: { referenceUsdPerHour, latency, miss, change },
  };
}

/**
 * Opens a scenario by name, path or as already loaded.
 * @throws {ConfigError} when something in it does not fit together
 * @throws {TraceError} when its trace is missing or damaged; says where it was looked for
 */
export async function openScenario(source: string | LoadedScenario, options: OpenOptions): Promise<OpenScenario> {
  const loaded = typeof source === "string" ? await loadScenario(source) : source;
  const { scenario, folder, path } = loaded;
  const [profiles, workload] = await Promise.all([
    openProfiles(loaded, options),
    openWorkload(scenario.workload, { baseFolder: folder, dataFolder: options.dataFolder }),
  ]);
  const catalogue: Catalogue =
    scenario.catalogue === undefined
      ? { prices: "none", instances: [], function: null }
      : resolveCatalogue(scenario.catalogue);
  const host = scenario.host ?? null;
  const limits: Limits = {
    ...(scenario.limits.gpus === undefined ? {} : { gpus: scenario.limits.gpus }),
    ...(scenario.limits.vcpus === undefined ? {} : { vcpus: scenario.limits.vcpus }),
    ...(scenario.budget === undefined ? {} : { usdPerHour: scenario.budget.usdPerHour }),
  };
  const knobs = resolveKnobs(scenario.knobs, scenario.actuation);
  const lattice = knobLattice(knobs, allowedBy(knobs, catalogue, host?.cores ?? null, limits));
  const initial = initialConfiguration(scenario, lattice, path);
  const committed = (configuration: Configuration): number => committedUsdPerHour(catalogue, host, configuration);
  const objective = objectiveOf(scenario, committed(initial));
  const functionType = catalogue.function;
  const warmupS = scenario.workload.warmupS;
  const plan: SimulationPlan = {
    workload,
    classes: scenario.classes ?? [{ name: "all", share: 1, strict: true, size: { mean: 1, cv: 0 } }],
    pools: catalogue.instances.map((type) => ({
      type,
      profile: profileFor(profiles, type.name, path),
      ...given(scenario.markets[type.name] ?? {}),
    })),
    host: host === null ? null : { ...host, profile: profileFor(profiles, "host", path) },
    function:
      functionType === null
        ? null
        : { type: functionType, profile: profileFor(profiles, "function", path), ...given(scenario.function) },
    routing: scenario.routing,
    reality: given(scenario.reality),
    slo: objective.slo,
    knobs,
    initial,
    queueTimeoutS: scenario.queue.timeoutS ?? Number.POSITIVE_INFINITY,
    queueLimit: scenario.queue.limit ?? Number.POSITIVE_INFINITY,
    scoreFromS: warmupS,
    ...mechanismsOf(scenario),
  };
  const instanceTypes = catalogue.instances.map((type) => type.name);
  return {
    scenario,
    id: environmentId(scenario.name),
    plan,
    lattice,
    observationSpace: new ObservationSpace(lattice, instanceTypes, scenario.intervalS),
    objective,
    catalogue,
    limits,
    model: closedFormModel(plan, objective),
    initial,
    intervalS: scenario.intervalS,
    profilePoints: profilePointsOf(scenario, profiles, catalogue),
    committedUsdPerHour: committed,
    budgetUsdPerHour: scenario.budget?.usdPerHour ?? null,
    warmupS,
  };
}

/** Simulated before scoring starts where nothing is to be learnt: queues and fleets have settled by then. */
const SETTLE_S = 3600;

/** Starts are moved by whole days, so that the time of day stays what it was. */
const DAY_S = 86_400;

/**
 * The scenario without the days of its warm-up that a policy with nothing to learn does not need.
 * Scored arrivals are the same as the whole scenario's of the same seed.
 */
export function withoutWarmup(open: OpenScenario): OpenScenario {
  const fromS = Math.max(0, Math.floor((open.warmupS - SETTLE_S) / DAY_S) * DAY_S);
  if (fromS === 0) return open;
  const plan = {
    ...open.plan,
    workload: laterWorkload(open.plan.workload, fromS),
    scoreFromS: open.plan.scoreFromS - fromS,
  };
  return { ...open, plan, warmupS: open.warmupS - fromS };
}

/** The simulated cluster of a scenario. */
export function simulatedCluster(
  open: OpenScenario,
  random: Random,
  plan: Partial<SimulationPlan> = {},
): SimulatedCluster {
  return new SimulatedCluster({ plan: { ...open.plan, ...plan }, random });
}

/** How the episodes of a simulated environment are drawn and how long they are. */
export interface EpisodeOptions {
  readonly random?: Random;
  readonly firstEpisode?: number;
  /** The scenario's training episode where absent. */
  readonly episodeS?: number;
}

/** The environment of a scenario: each episode a fresh simulated cluster. */
export function simulatedEnvironment(
  open: OpenScenario,
  options: EpisodeOptions = {},
): ClusterEnvironment<SimulatedCluster> {
  const { durationS } = open.plan.workload;
  const episodeS = Math.min(
    durationS,
    options.episodeS ?? open.scenario.training.episodeS ?? (open.warmupS || durationS),
  );
  return new ClusterEnvironment({
    id: open.id,
    observationSpace: open.observationSpace,
    actionSpace: open.lattice,
    objective: open.objective,
    intervalS: open.intervalS,
    episodeSteps: Math.max(1, Math.ceil(episodeS / open.intervalS) - 1),
    openCluster: async (random) => simulatedCluster(open, random),
    ...(options.random === undefined ? {} : { random: options.random }),
    ...(options.firstEpisode === undefined ? {} : { firstEpisode: options.firstEpisode }),
  });
}

/** What agents of this scenario are made from. */
export function agentContext(open: OpenScenario, random: Random, seed: number, optimizer: Optimizer): AgentContext {
  return {
    environment: open.id,
    space: open.lattice,
    random,
    seed,
    model: open.model,
    objective: open.objective,
    profilePoints: open.profilePoints,
    deviceRatios: open.scenario.prior?.deviceRatios ?? {},
    catalogue: open.catalogue,
    limits: open.limits,
    host: open.scenario.host ?? null,
    initial: open.initial,
    intervalS: open.intervalS,
    optimizer,
  };
}
