// Where a task comes from, as plain data: it crosses to workers, and is kept in the store.

import type { Json } from "../src/core/index.ts";
import { checkCluster, isSimulated } from "./cluster-file.ts";
import { openCluster } from "./open-cluster.ts";
import { openScenario } from "./open-scenario.ts";
import type { OpenOptions, TuningTask } from "./open-task.ts";

/** A scenario by name, or a cluster file as read and the folder its relative paths start from. */
export type TaskSource = { readonly scenario: string } | { readonly cluster: Json; readonly folder: string };

/** Opens the task of a source. @throws as `openScenario` and `openCluster` */
export async function openTaskSource(source: TaskSource, options: OpenOptions): Promise<TuningTask> {
  if ("scenario" in source) return openScenario(source.scenario, options);
  const file = checkCluster(source.cluster, "cluster");
  if (isSimulated(file)) return openScenario(file.scenario, options);
  return openCluster(file, source.folder, `cluster ${file.name}`, options);
}
