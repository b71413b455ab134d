// What the control loop of a cluster is opened from: a scenario simulated without end, or a real cluster behind its adapter.

import {
  checkCluster,
  isSimulated,
  type LoadedCluster,
  openAdapter,
  openCluster,
  openLease,
  type Reach,
} from "../../environments/index.ts";
import { lazyAdapter } from "../clusters/index.ts";
import { embeddedCluster, fileLease, type LoopOrder, leaseFolder, referenceSnapshot } from "../control/index.ts";
import { ConfigError, type FieldIssue, type Json, type Mode, toJson } from "../core/index.ts";
import type { ClusterEntry } from "../store/index.ts";
import type { Scenarios } from "./scenarios.ts";

/** What the embedded simulated cluster is attached with; null takes what the store remembers, else the default. */
export interface EmbeddedOptions {
  readonly name: string;
  readonly scenario: string | null;
  readonly agent: string | null;
  readonly optimizer: string | null;
  readonly mode: Mode | null;
  readonly seed: number;
  /** Simulated seconds a second. */
  readonly speed: number;
}

/** The part of a loop's order that differs from cluster to cluster. */
export type ClusterSource = Pick<
  LoopOrder,
  "task" | "source" | "trained" | "openAdapter" | "sendsInitial" | "changeBudgets" | "lease" | "proposalLifeS"
>;

/** A proposal may be answered for so many intervals, and at least for so long. */
const PROPOSAL_INTERVALS = 5;
const LEAST_PROPOSAL_S = 900;

const DEFAULT_SCENARIO = "image-diurnal";

function loaded(document: Json, source: string, folder: string): LoadedCluster {
  return { file: checkCluster(document, source), document, path: source, folder };
}

/** The file the embedded cluster amounts to; it starts active, because nothing real depends on it. */
export function embeddedFile(options: EmbeddedOptions, known: ClusterEntry | null): LoadedCluster {
  const { name, agent, optimizer, seed, speed } = options;
  const scenario = options.scenario ?? known?.scenario ?? DEFAULT_SCENARIO;
  const mode = options.mode ?? known?.mode ?? "active";
  const named = { ...(agent === null ? {} : { agent }), ...(optimizer === null ? {} : { optimizer }) };
  const document = toJson({ name, adapter: "simulated", scenario, mode, seed, speed, ...named });
  return loaded(document, `cluster ${name}`, ".");
}

/** The file a kept cluster was attached with. @throws {ConfigError} when it no longer fits */
export function keptFile(entry: ClusterEntry): LoadedCluster {
  const { name, adapter, scenario, mode, folder } = entry;
  return loaded(entry.document ?? { name, adapter, scenario, mode }, `cluster ${name} of the store`, folder ?? ".");
}

/**
 * Resolves what a cluster's loop is opened from.
 * @param reachNow whether a real cluster must answer before its loop is opened
 * @throws {ConfigError} when the file does not fit together
 */
export async function clusterSource(
  { file, document, folder, path }: LoadedCluster,
  scenarios: Scenarios,
  reach: Reach,
  reachNow: boolean,
): Promise<ClusterSource> {
  const changeBudgets = file.changes.budgets;
  const lifeS = (intervalS: number): number =>
    file.proposals.expireAfterS ?? Math.max(LEAST_PROPOSAL_S, PROPOSAL_INTERVALS * intervalS);
  if (isSimulated(file)) {
    const open = await scenarios.open(file.scenario);
    return {
      task: open,
      changeBudgets,
      lease: null,
      proposalLifeS: lifeS(open.intervalS),
      source: { scenario: file.scenario },
      trained: (agent) => referenceSnapshot(agent, open),
      sendsInitial: true,
      openAdapter: async ({ timeS, sent }, random) =>
        embeddedCluster(open, random, { timeS, configuration: sent?.previous ?? sent?.configuration ?? null }),
    };
  }
  const { dataFolder } = scenarios;
  const task = await openCluster(file, folder, path, { dataFolder });
  const open = (): ReturnType<typeof openAdapter> => openAdapter(file, task, reach);
  return {
    task,
    changeBudgets,
    lease: (await openLease(file, task, reach)) ?? fileLease(leaseFolder(file.adapter, file.options), file.name),
    proposalLifeS: lifeS(task.intervalS),
    source: { cluster: document, folder },
    trained: async () => null,
    sendsInitial: false,
    openAdapter: async () => (reachNow ? open() : lazyAdapter(task.lattice.knobs, reach.clock, open)),
  };
}

/** Variables a document that came over HTTP may name: whoever may ask must not read the service's other secrets. */
const OPEN_VARIABLES = "TRIMTAB_CLUSTER_";

/**
 * The file of a document that came over HTTP. It may name no files of this machine, and only variables meant for it.
 * @throws {ConfigError} when it does, or does not fit together
 */
export function postedFile(document: Json): LoadedCluster {
  const posted = loaded(document, "body", ".");
  const { file } = posted;
  if (isSimulated(file)) return posted;
  const issues: FieldIssue[] = [];
  for (const [device, profile] of Object.entries(file.models[0]?.profiles ?? {})) {
    if (typeof profile === "string" || !("file" in profile)) continue;
    const path = `models[0].profiles.${device}`;
    issues.push({ path, expected: "the name of a profile, or a closed form", found: `file ${profile.file}` });
  }
  for (const [role, name] of Object.entries(file.credentialsEnv)) {
    if (name.startsWith(OPEN_VARIABLES)) continue;
    issues.push({ path: `credentialsEnv.${role}`, expected: `a variable named ${OPEN_VARIABLES}…`, found: name });
  }
  if (issues.length > 0) throw new ConfigError("body", issues);
  return posted;
}
