// Replay: a recorded stretch through another policy, by the very control loop that runs in production.
//
// The loop observes what was recorded, in `shadow`: it votes, guards and decides as it would have, and nothing is sent. Each
// decision starts from what was really running, and is weighed against the one that was made.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findAgent } from "../../agents/index.ts";
import { agentContext, type TuningTask } from "../../environments/index.ts";
import { ControlLoop, Proposals, readResumption, TrustedAgent } from "../control/index.ts";
import {
  type Agent,
  type AgentContext,
  type AgentFactory,
  CheckpointError,
  type ClusterAdapter,
  type ClusterState,
  type Configuration,
  type Optimizer,
  StateError,
} from "../core/index.ts";
import { type ChangeBudget, guardsWith } from "../guards/index.ts";
import { SeededRandom } from "../math/index.ts";
import { createOptimizer } from "../optimizers/index.ts";
import { sameConfiguration } from "../spaces/index.ts";
import { type ClusterStore, openStore } from "../store/index.ts";
import { type ComparedWindow, type OffPolicyEstimate, offPolicyEstimate } from "./off-policy.ts";
import { learns, type PolicySource } from "./policies.ts";
import type { RecordedPass } from "./recorded-log.ts";

/** What is replayed, and under which rules. */
export interface ReplayOptions {
  readonly cluster: string;
  readonly task: TuningTask;
  readonly passes: readonly RecordedPass[];
  readonly policy: PolicySource;
  /** Acts until a learner is trusted. */
  readonly optimizer: string;
  readonly budgetUsdPerHour: number | null;
  readonly changeBudgets: readonly ChangeBudget[];
  readonly seed: number;
  readonly nowMicros: () => number;
  readonly onPass?: (share: number) => void;
}

/** A decision the policy would have made otherwise. */
export interface ReplayedDifference {
  /** The recorded decision. */
  readonly id: string;
  readonly timeS: number;
  readonly recorded: Configuration;
  readonly replayed: Configuration;
  readonly reason: string;
}

/** What a replay comes to. */
export interface Replay {
  readonly cluster: string;
  readonly policy: string;
  readonly fromS: number;
  readonly toS: number;
  readonly decisions: number;
  readonly differences: readonly ReplayedDifference[];
  /** Null where no window could be compared. */
  readonly estimate: OffPolicyEstimate | null;
}

/** Tells what was recorded, one window an interval. */
class RecordedCluster implements ClusterAdapter {
  readonly knobs: ClusterAdapter["knobs"];
  readonly #passes: readonly RecordedPass[];
  #at = -1;

  constructor(knobs: ClusterAdapter["knobs"], passes: readonly RecordedPass[]) {
    this.knobs = knobs;
    this.#passes = passes;
  }

  async observe(): Promise<ClusterState> {
    const pass = this.#passes[this.#at];
    if (pass === undefined) throw new StateError("replay: expected a recorded window, found none");
    return pass.observation;
  }

  async apply(): Promise<void> {
    throw new StateError("replay: expected nothing to be sent to what is past, found a change");
  }

  async advance(): Promise<void> {
    this.#at += 1;
  }

  async close(): Promise<void> {}
}

interface Voice {
  readonly factory: AgentFactory;
  readonly optimizer: Optimizer;
}

/** A frozen policy as both voices of a loop: its word counts whatever it is trusted with. */
function frozen(source: PolicySource & { readonly kind: "checkpoint" }, context: AgentContext): Voice {
  const { spec, name } = source;
  if (spec.environment !== context.environment) {
    const found = `one for ${spec.environment}`;
    throw new CheckpointError(`${name}: expected a policy for ${context.environment}, found ${found}`);
  }
  const factory = findAgent(spec.kind);
  const policy = factory.load(context, spec);
  const reason = `policy ${name}`;
  const optimizer: Optimizer = {
    name: spec.kind,
    solve: ({ observation }) => ({
      status: "feasible",
      configuration: policy.act(observation),
      prediction: null,
      evaluations: 0,
      explanation: reason,
    }),
  };
  const agent: Agent = {
    act: (observation) => ({ configuration: policy.act(observation), reason }),
    update: () => undefined,
    policy: () => policy,
    save: () => ({ agent: spec.kind, version: 1, state: null }),
  };
  return { factory: { ...factory, name: spec.kind, create: () => agent }, optimizer };
}

function voiceOf(options: ReplayOptions, context: AgentContext): Voice {
  const { policy } = options;
  if (policy.kind === "checkpoint") return frozen(policy, context);
  const factory = findAgent(policy.name);
  // A learner learns as it would have here, over the optimizer it would have had; a rule is its own optimizer.
  return { factory, optimizer: createOptimizer(learns(policy) ? options.optimizer : policy.name) };
}

interface Opened {
  readonly loop: ControlLoop;
  readonly adapter: ClusterAdapter;
  readonly context: AgentContext;
}

async function openReplay(options: ReplayOptions, store: ClusterStore): Promise<Opened> {
  const { cluster, task, passes, optimizer, budgetUsdPerHour, changeBudgets, seed, nowMicros } = options;
  const random = new SeededRandom(seed).split(`replay ${cluster}`);
  const plain = agentContext(task, random.split("agent"), seed, createOptimizer(optimizer));
  const voice = voiceOf(options, plain);
  const context = { ...plain, optimizer: voice.optimizer };
  const agent = new TrustedAgent(voice.factory, context, { saved: null });
  const adapter = new RecordedCluster(task.lattice.knobs, passes);
  const guards = guardsWith(changeBudgets);
  const { committedUsdPerHour } = task;
  const rules = { guards, committedUsdPerHour, budgetUsdPerHour, mode: "shadow", sendsInitial: false } as const;
  const parts = { cluster, adapter, context, store, lease: null, nowMicros, ...rules };
  const proposals = await Proposals.open(store.proposals, task.intervalS);
  const loop = new ControlLoop(parts, agent, await readResumption(store, task.lattice), proposals);
  return { loop, adapter, context };
}

/**
 * Replays recorded passes through a policy.
 * @throws {StateError} with fewer than two passes
 * @throws {CheckpointError} when a checkpoint is of another environment
 */
export async function replay(options: ReplayOptions): Promise<Replay> {
  const { cluster, passes, policy, onPass, seed } = options;
  const [first] = passes;
  const last = passes.at(-1);
  if (first === undefined || last === undefined || passes.length < 2) {
    throw new StateError(`replay of ${cluster}: expected at least two recorded windows, found ${passes.length}`);
  }
  const folder = await mkdtemp(join(tmpdir(), "trimtab-replay-"));
  const store = await openStore(folder);
  try {
    const { loop, adapter, context } = await openReplay(options, await store.cluster(cluster));
    const windows: ComparedWindow[] = [];
    const differences: ReplayedDifference[] = [];
    for (const [i, { id, observation, choice }] of passes.entries()) {
      await loop.rest((seconds) => adapter.advance(seconds));
      const record = await loop.pass();
      onPass?.((i + 1) / passes.length);
      // After the guards; nothing is recommended in a pass that could not see what was recorded.
      const chosen = record.observation === null ? null : (loop.recommendation()?.target ?? null);
      if (chosen === null) continue;
      const { timeS } = observation;
      if (!sameConfiguration(chosen, choice))
        differences.push({ id, timeS, recorded: choice, replayed: chosen, reason: record.reason });
      const after = passes[i + 1]?.observation;
      if (after !== undefined) windows.push({ before: observation, after, recorded: choice, chosen });
    }
    const random = new SeededRandom(seed).split("off-policy");
    return {
      cluster,
      policy: policy.name,
      fromS: first.observation.timeS,
      toS: last.observation.timeS,
      decisions: passes.length,
      differences,
      estimate: offPolicyEstimate(context, windows, random),
    };
  } finally {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}
