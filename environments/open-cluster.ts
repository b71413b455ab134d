// Opens a cluster file: its task resolved from what was measured of the cluster, and the adapter that reaches it.

import { type AdapterContext, type Clock, findAdapter, joined, type KnobActuation } from "../src/clusters/index.ts";
import { type ClusterAdapter, ConfigError, type Lease } from "../src/core/index.ts";
import { profileOfPoints, type ServiceProfile } from "../src/profiles/index.ts";
import type { ClusterFile, ReachOf } from "./cluster-schema.ts";
import type { ActuationOverride } from "./knobs.ts";
import { given } from "./mechanisms.ts";
import { type OpenOptions, openProfiles, openTask, type TuningTask } from "./open-task.ts";

/** How a real cluster is reached. */
export interface Reach {
  /** The value of an environment variable. @throws {ConfigError} when it is not set */
  readonly variable: (name: string) => string;
  readonly clock: Clock;
}

/** What the adapter says of its knobs, where the file says nothing else. */
function actuationOf(file: ClusterFile): Record<string, ActuationOverride> {
  const entry = findAdapter(file.adapter);
  const all = Object.keys(file.knobs).map((name): [string, ActuationOverride] => {
    const standard: Partial<KnobActuation> = entry.actuation(name) ?? {};
    return [name, { ...standard, ...file.actuation[name] }];
  });
  return Object.fromEntries(all);
}

/** Points that name no host are of the first there is. */
function pointsByHost(file: ClusterFile): ClusterFile["prior"] {
  if (file.prior === undefined) return undefined;
  const firstHost = file.host === undefined ? (file.catalogue?.instances[0] ?? "function") : "host";
  return { ...file.prior, points: file.prior.points.map((point) => ({ ...point, host: point.host ?? firstHost })) };
}

/** Hosts the file has no profile for get one from the points measured on them. */
function measuredProfiles(
  prior: ClusterFile["prior"],
  named: Map<string, ServiceProfile>,
): Map<string, ServiceProfile> {
  const points = prior?.points ?? [];
  const profiles = new Map(named);
  for (const host of new Set(points.map((point) => point.host ?? ""))) {
    if (profiles.has(host)) continue;
    const rows = points.filter((point) => point.host === host).map(({ host: _, ...row }) => given(row));
    profiles.set(host, profileOfPoints(host, rows));
  }
  return profiles;
}

/**
 * Resolves the task of a cluster file.
 * @param folder relative paths in it start from here
 * @param source named in errors
 * @throws {ConfigError} when something in it does not fit together, or nothing is known of its service times
 */
export async function openCluster(
  file: ClusterFile,
  folder: string,
  source: string,
  options: OpenOptions,
): Promise<TuningTask> {
  const named = await openProfiles(file.models[0]?.profiles ?? {}, folder, options);
  if (file.prior === undefined && named.size === 0) {
    const expected = "measured points, which trimtab profile --cluster writes, or profiles of the model";
    throw new ConfigError(source, [{ path: "prior", expected, found: "neither" }]);
  }
  const prior = pointsByHost(file);
  const resolved = { ...file, actuation: actuationOf(file), ...(prior === undefined ? {} : { prior }) };
  return openTask(resolved, measuredProfiles(prior, named), source).task;
}

function contextOf({ credentialsEnv }: ReachOf, file: ClusterFile, task: TuningTask, reach: Reach): AdapterContext {
  return {
    cluster: file.name,
    knobs: task.lattice.knobs,
    initial: task.initial,
    slo: task.objective.slo,
    committedUsdPerHour: task.committedUsdPerHour,
    secret: (role) => {
      const name = credentialsEnv[role];
      return name === undefined ? null : reach.variable(name);
    },
    clock: reach.clock,
  };
}

/**
 * Opens the adapter of a cluster file.
 * @throws {ConfigError} when its options do not fit or a secret is not set
 * @throws {ObservationError} when the cluster cannot be reached
 */
export async function openAdapter(file: ClusterFile, task: TuningTask, reach: Reach): Promise<ClusterAdapter> {
  const { observer } = file;
  const context = contextOf(file, file, task, reach);
  if (observer === undefined) return findAdapter(file.adapter).open(file.options, context);
  const actuator = await findAdapter(file.adapter).openActuator(file.options, context);
  const beside = contextOf(observer, file, task, reach);
  return joined(actuator, await findAdapter(observer.adapter).openObserver(observer.options, beside), context);
}

/** The lease the cluster itself keeps; null where its adapter knows none. @throws as `openAdapter` */
export async function openLease(file: ClusterFile, task: TuningTask, reach: Reach): Promise<Lease | null> {
  const opening = findAdapter(file.adapter).openLease;
  return opening === null ? null : opening(file.options, contextOf(file, file, task, reach));
}
