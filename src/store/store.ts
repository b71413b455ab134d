// A store folder: its lock, its catalogue, its logs and where its checkpoints are.
//
// lock, catalogue.json, policies/<id>.checkpoint, clusters/<name>/agent.checkpoint,
// clusters/<name>/{decisions,actuations,transitions,proposals}/*.jsonl

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AppendLog } from "./append-log.ts";
import { removePartialFiles, syncFolder } from "./atomic-file.ts";
import { Catalogue } from "./catalogue.ts";
import { acquireLock } from "./lock.ts";

/** What is kept of one cluster. */
export interface ClusterStore {
  /** One record per pass of the control loop, and per command of the operator. */
  readonly decisions: AppendLog;
  /** Every configuration sent to the cluster, written before it is sent. */
  readonly actuations: AppendLog;
  /** Experience, one step a record. */
  readonly transitions: AppendLog;
  /** Proposals to the operator, one record for each step of their life. */
  readonly proposals: AppendLog;
  /** Where the agent's checkpoint is, or will be. */
  readonly checkpointPath: string;
  close(): Promise<void>;
}

/** An open store, held by this process alone. */
export interface Store {
  readonly folder: string;
  readonly catalogue: Catalogue;
  /** Opens what is kept of a cluster, beginning it if needed. @throws {StoreError} when damaged */
  cluster(name: string): Promise<ClusterStore>;
  /** Closes what is open of a cluster; it stays on disk, and may be opened again. */
  release(name: string): Promise<void>;
  /** Where the checkpoint of a policy is, or will be. */
  policyPath(id: string): string;
  /** Closes every log and gives the lock back. May be called twice. */
  close(): Promise<void>;
}

async function openCluster(folder: string): Promise<ClusterStore> {
  await mkdir(folder, { recursive: true });
  await removePartialFiles(folder);
  const [decisions, actuations, transitions, proposals] = await Promise.all([
    AppendLog.open(join(folder, "decisions")),
    AppendLog.open(join(folder, "actuations")),
    AppendLog.open(join(folder, "transitions")),
    AppendLog.open(join(folder, "proposals")),
  ]);
  await syncFolder(folder);
  const close = async (): Promise<void> => {
    await Promise.all([decisions, actuations, transitions, proposals].map((log) => log.close()));
  };
  return { decisions, actuations, transitions, proposals, checkpointPath: join(folder, "agent.checkpoint"), close };
}

/** Opens a store folder, making it if needed. @throws {StoreError} when damaged or in use by another process */
export async function openStore(folder: string): Promise<Store> {
  const policies = join(folder, "policies");
  const clusters = join(folder, "clusters");
  await mkdir(policies, { recursive: true });
  await mkdir(clusters, { recursive: true });
  const lock = await acquireLock(folder);
  const open = new Map<string, Promise<ClusterStore>>();
  try {
    await removePartialFiles(folder);
    await removePartialFiles(policies);
    await syncFolder(folder);
    const catalogue = await Catalogue.open(join(folder, "catalogue.json"));
    return {
      folder,
      catalogue,
      cluster: (name) => {
        const opened = open.get(name) ?? openCluster(join(clusters, name));
        open.set(name, opened);
        return opened;
      },
      release: async (name) => {
        const opened = open.get(name);
        open.delete(name);
        await (await opened)?.close();
      },
      policyPath: (id) => join(policies, `${id}.checkpoint`),
      close: async () => {
        await Promise.all([...open.values()].map(async (cluster) => (await cluster).close()));
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}
