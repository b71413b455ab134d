// Opens the control loop of a cluster: resumed from its logs, with its agent as it was and a worker for long plans.

import { findAgent } from "../../agents/index.ts";
import { agentContext, type TaskSource, type TuningTask } from "../../environments/index.ts";
import type { AgentSnapshot, ClusterAdapter, Lease, Mode, Random } from "../core/index.ts";
import { type ChangeBudget, guardsWith } from "../guards/index.ts";
import { SeededRandom } from "../math/index.ts";
import { createOptimizer } from "../optimizers/index.ts";
import type { ClusterStore } from "../store/index.ts";
import { ControlLoop } from "./loop.ts";
import { planHost } from "./plan-host.ts";
import { Proposals } from "./proposals.ts";
import { type Resumption, readResumption, savedAgent } from "./resume.ts";
import { TrustedAgent } from "./trusted-agent.ts";

/** What a loop is opened with. */
export interface LoopOrder {
  /** Name of the cluster. */
  readonly name: string;
  readonly task: TuningTask;
  /** Where the task comes from: long plans are made in a worker that opens it anew. */
  readonly source: TaskSource;
  readonly dataFolder: string | null;
  readonly agent: string;
  readonly optimizer: string;
  readonly mode: Mode;
  readonly seed: number;
  readonly logs: ClusterStore;
  /** Learnt elsewhere; asked for only where the cluster's own agent left nothing. */
  readonly trained: (agent: string) => Promise<AgentSnapshot | null>;
  readonly openAdapter: (resumption: Resumption, random: Random) => Promise<ClusterAdapter>;
  /** Whether a cluster that was never sent anything is sent the initial configuration. */
  readonly sendsInitial: boolean;
  readonly budgetUsdPerHour: number | null;
  readonly changeBudgets: readonly ChangeBudget[];
  /** Of several services on the cluster the one that may act; null where nobody else could. */
  readonly lease: Lease | null;
  /** For how long a proposal may be answered after it was last wanted. */
  readonly proposalLifeS: number;
}

/** An open loop and what it runs on. */
export interface OpenLoop {
  readonly loop: ControlLoop;
  readonly agent: TrustedAgent;
  readonly adapter: ClusterAdapter;
  /** Keeps what the agent learnt, and lets go of cluster and worker. */
  close(): Promise<void>;
}

/**
 * Opens a loop; it runs nothing yet.
 * @throws {UnknownNameError} for an agent or optimizer that does not exist
 * @throws {StoreError} when the cluster's logs are damaged
 */
export async function openLoop(order: LoopOrder): Promise<OpenLoop> {
  const { name, task, logs, seed, mode } = order;
  const random = new SeededRandom(seed).split(`cluster ${name}`);
  const context = agentContext(task, random.split("agent"), seed, createOptimizer(order.optimizer));
  const factory = findAgent(order.agent);
  const [resumption, saved] = await Promise.all([
    readResumption(logs, task.lattice),
    savedAgent(logs, factory, context),
  ]);
  const trained = saved === null ? await order.trained(order.agent) : null;
  const adapter = await order.openAdapter(resumption, random.split("cluster"));
  const { source, dataFolder, agent: agentName, optimizer } = order;
  const plans = planHost({ source, dataFolder, agent: agentName, optimizer, seed });
  const agent = new TrustedAgent(factory, context, { saved, trained, planner: plans.planner });
  const { committedUsdPerHour } = task;
  const { budgetUsdPerHour } = order;
  const guards = guardsWith(order.changeBudgets);
  const parts = { cluster: name, adapter, context, guards, committedUsdPerHour, budgetUsdPerHour, store: logs, mode };
  const nowMicros = (): number => performance.now() * 1000;
  const { sendsInitial, lease, proposalLifeS } = order;
  const proposals = await Proposals.open(logs.proposals, proposalLifeS);
  const loop = new ControlLoop({ ...parts, nowMicros, sendsInitial, lease }, agent, resumption, proposals);
  return {
    loop,
    agent,
    adapter,
    close: async () => {
      await loop.save();
      await loop.release();
      await plans.close();
      await adapter.close();
    },
  };
}
