// Opens a scenario: its task resolved, its data read, ready to be simulated, tuned and evaluated.

import { SimulatedCluster } from "../src/clusters/simulated.ts";
import type { Random } from "../src/core/index.ts";
import type { SimulationPlan } from "../src/simulator/plan.ts";
import { laterWorkload, openWorkload } from "../src/workload/index.ts";
import { ClusterEnvironment } from "./cluster-environment.ts";
import { given, mechanismsOf } from "./mechanisms.ts";
import { type OpenOptions, openProfiles, openTask, type TuningTask } from "./open-task.ts";
import { type LoadedScenario, loadScenario } from "./scenario-file.ts";
import type { Scenario } from "./scenario-schema.ts";

/** A scenario with everything it names at hand: a task, and the cluster and traffic it is simulated with. */
export interface OpenScenario extends TuningTask {
  readonly scenario: Scenario;
  readonly plan: SimulationPlan;
  /** Seconds of the workload to learn from; scoring starts where they end. */
  readonly warmupS: number;
}

/** Whether a task can be simulated: a real cluster's has no workload. */
export function isScenario(task: TuningTask): task is OpenScenario {
  return "plan" in task;
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
    openProfiles(scenario.models[0]?.profiles ?? {}, folder, options),
    openWorkload(scenario.workload, { baseFolder: folder, dataFolder: options.dataFolder }),
  ]);
  const { task, machines } = openTask(scenario, profiles, path);
  const warmupS = scenario.workload.warmupS;
  const plan: SimulationPlan = {
    workload,
    classes: scenario.classes ?? [{ name: "all", share: 1, strict: true, size: { mean: 1, cv: 0 } }],
    ...machines,
    pools: machines.pools.map((pool) => ({ ...pool, ...given(scenario.markets[pool.type.name] ?? {}) })),
    routing: scenario.routing,
    reality: given(scenario.reality),
    slo: task.objective.slo,
    knobs: task.lattice.knobs,
    initial: task.initial,
    queueTimeoutS: scenario.queue.timeoutS ?? Number.POSITIVE_INFINITY,
    queueLimit: scenario.queue.limit ?? Number.POSITIVE_INFINITY,
    scoreFromS: warmupS,
    ...mechanismsOf(scenario),
  };
  return { ...task, scenario, plan, warmupS };
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
