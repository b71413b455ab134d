// A tuning task with every name resolved: what agents, optimizers and guards need to know, simulated or real.

import { committedUsdPerHour, resolveCatalogue } from "../src/catalogue/index.ts";
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
import { openProfile, type ProfileSpec, type ServiceProfile } from "../src/profiles/index.ts";
import type { SimulationPlan } from "../src/simulator/plan.ts";
import { knobLattice } from "../src/spaces/index.ts";
import { allowedBy, resolveKnobs } from "./knobs.ts";
import { given } from "./mechanisms.ts";
import { ObservationSpace } from "./observation-space.ts";
import { type PriorKeys, profilePointsOf } from "./prior-points.ts";
import type { Scenario } from "./scenario-schema.ts";
import type { taskKeys } from "./task-schema.ts";

/** Where data is looked for. */
export interface OpenOptions {
  /** TRIMTAB_DATA, or null where there is none. */
  readonly dataFolder: string | null;
}

/** The part of a scenario or cluster file that states the task. */
export type TaskFile = Pick<Scenario, keyof typeof taskKeys> & PriorKeys;

/** What is tuned, towards what, within which limits. */
export interface TuningTask {
  /** Gymnasium id, such as "trimtab/ImageDiurnal-v0". */
  readonly id: string;
  readonly lattice: KnobLattice;
  readonly observationSpace: ObservationSpace;
  readonly objective: Objective;
  readonly catalogue: Catalogue;
  readonly limits: Limits;
  /** A single machine instead of a catalogue. */
  readonly host: AgentContext["host"];
  readonly model: PerformanceModel;
  readonly initial: Configuration;
  readonly intervalS: number;
  readonly profilePoints: readonly ProfilePoint[];
  readonly deviceRatios: Readonly<Record<string, number>>;
  readonly committedUsdPerHour: (configuration: Configuration) => number;
  readonly budgetUsdPerHour: number | null;
}

/** Gymnasium id of a name: "image-diurnal" is "trimtab/ImageDiurnal-v0". */
export function environmentId(name: string): string {
  const camel = name.replace(/(^|-)([a-z0-9])/g, (_, __, letter: string) => letter.toUpperCase());
  return `trimtab/${camel}-v0`;
}

/** Profiles by device, opened. @param folder relative paths start from it */
export async function openProfiles(
  specs: Readonly<Record<string, ProfileSpec>>,
  folder: string,
  { dataFolder }: OpenOptions,
): Promise<Map<string, ServiceProfile>> {
  const opened = await Promise.all(
    Object.entries(specs).map(async ([device, spec]) => {
      return [device, await openProfile(spec, { baseFolder: folder, dataFolder, device })] as const;
    }),
  );
  return new Map(opened);
}

function familyOf(typeName: string): string {
  return typeName.split(".")[0] ?? typeName;
}

function profileFor(profiles: ReadonlyMap<string, ServiceProfile>, key: string, source: string): ServiceProfile {
  const profile = profiles.get(key) ?? profiles.get(familyOf(key));
  if (profile !== undefined) return profile;
  const expected = `a profile for ${key} or its family ${familyOf(key)}`;
  const found = [...profiles.keys()].join(", ") || "none";
  throw new ConfigError(source, [{ path: `models[0].profiles.${key}`, expected, found }]);
}

function initialConfiguration({ initial }: TaskFile, lattice: KnobLattice, source: string): Configuration {
  const values = lattice.knobs.map((knob) => [knob.name, initial[knob.name] ?? knob.values[0] ?? 0] as const);
  const configuration: Configuration = Object.fromEntries(values);
  if (lattice.contains(configuration)) return configuration;
  const expected = "a configuration that can run within the limits";
  throw new ConfigError(source, [{ path: "initial", expected, found: JSON.stringify(configuration) }]);
}

function objectiveOf(file: TaskFile, committedInitialUsdPerHour: number): Objective {
  const [first, ...others] = file.slo;
  if (first === undefined) throw new ConfigError(file.name, [{ path: "slo", expected: "at least one", found: "none" }]);
  const { latency, miss, change } = file.objective.weights;
  const referenceUsdPerHour = file.objective.referenceUsdPerHour ?? (committedInitialUsdPerHour || 1);
  return {
    minimize: file.objective.minimize,
    slo: [first, ...others] satisfies readonly [Slo, ...Slo[]],
    reward: { referenceUsdPerHour, latency, miss, change },
  };
}

/** The machines of a task with their profiles: what the closed forms and the simulator share. */
type Machines = Pick<SimulationPlan, "pools" | "host" | "function">;

function machinesOf(
  file: TaskFile,
  catalogue: Catalogue,
  profiles: ReadonlyMap<string, ServiceProfile>,
  source: string,
): Machines {
  const called = catalogue.function;
  return {
    pools: catalogue.instances.map((type) => ({ type, profile: profileFor(profiles, type.name, source) })),
    host: file.host === undefined ? null : { ...file.host, profile: profileFor(profiles, "host", source) },
    function:
      called === null
        ? null
        : { type: called, profile: profileFor(profiles, "function", source), ...given(file.function) },
  };
}

/**
 * Resolves a task.
 * @param source named in errors
 * @throws {ConfigError} when something in it does not fit together
 */
export function openTask(
  file: TaskFile,
  profiles: ReadonlyMap<string, ServiceProfile>,
  source: string,
): { readonly task: TuningTask; readonly machines: Machines } {
  const catalogue: Catalogue =
    file.catalogue === undefined ? { prices: "none", instances: [], function: null } : resolveCatalogue(file.catalogue);
  const host = file.host ?? null;
  const limits: Limits = {
    ...given(file.limits),
    ...(file.budget === undefined ? {} : { usdPerHour: file.budget.usdPerHour }),
  };
  const knobs = resolveKnobs(file.knobs, file.actuation);
  const lattice = knobLattice(knobs, allowedBy(knobs, catalogue, host?.cores ?? null, limits));
  const initial = initialConfiguration(file, lattice, source);
  const committed = (configuration: Configuration): number => committedUsdPerHour(catalogue, host, configuration);
  const objective = objectiveOf(file, committed(initial));
  const machines = machinesOf(file, catalogue, profiles, source);
  const instanceTypes = catalogue.instances.map((type) => type.name);
  const task: TuningTask = {
    id: environmentId(file.name),
    lattice,
    observationSpace: new ObservationSpace(lattice, instanceTypes, file.intervalS),
    objective,
    catalogue,
    limits,
    host,
    model: closedFormModel(machines, objective),
    initial,
    intervalS: file.intervalS,
    profilePoints: profilePointsOf(file, profiles, catalogue),
    deviceRatios: file.prior?.deviceRatios ?? {},
    committedUsdPerHour: committed,
    budgetUsdPerHour: file.budget?.usdPerHour ?? null,
  };
  return { task, machines };
}

/** What agents of a task are made from. */
export function agentContext(task: TuningTask, random: Random, seed: number, optimizer: Optimizer): AgentContext {
  const { id, lattice, model, objective, profilePoints, deviceRatios, catalogue, limits, host, initial, intervalS } =
    task;
  const shared = { model, objective, profilePoints, deviceRatios, catalogue, limits, host, initial, intervalS };
  return { environment: id, space: lattice, random, seed, optimizer, ...shared };
}
