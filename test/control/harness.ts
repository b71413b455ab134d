// A control loop over the fake cluster, with a real store in a temporary folder and an agent of the registry.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findAgent } from "../../agents/index.ts";
import {
  ControlLoop,
  type LoopEvent,
  Proposals,
  readResumption,
  savedAgent,
  TrustedAgent,
} from "../../src/control/index.ts";
import type {
  AgentContext,
  ClusterAdapter,
  Configuration,
  Lease,
  Mode,
  Optimizer,
  PerformanceModel,
  Prediction,
} from "../../src/core/index.ts";
import { guards } from "../../src/guards/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { knobLattice } from "../../src/spaces/index.ts";
import { type ClusterStore, openStore, type Store } from "../../src/store/index.ts";
import { type FakeCluster, fakeKnobs, REPLICA_RPS } from "./fake-cluster.ts";

export const initial: Configuration = { replicas: 4, maxBatchSize: 1 };

/** Knows the fake cluster exactly. */
const model: PerformanceModel = {
  name: "fake",
  predict(configuration, load): Prediction {
    const replicas = Number(configuration["replicas"]);
    const stable = load.rateRps <= replicas * REPLICA_RPS;
    const ms = stable ? 20 : 1000;
    return {
      stable,
      meanMs: ms,
      p50Ms: ms,
      p95Ms: ms,
      p99Ms: ms,
      objectiveMs: ms,
      missRatio: stable ? 0 : 1,
      utilization: 0.5,
      meanBatchSize: 1,
      offloadedShare: 0,
      costUsdPerHour: replicas,
    };
  },
  serviceMs: () => 20,
  capacityRps: () => REPLICA_RPS,
};

/** Wants what the test says; what runs already when it says nothing. */
export class WishfulOptimizer implements Optimizer {
  readonly name = "wishful";
  wanted: Configuration | null = null;

  solve: Optimizer["solve"] = ({ observation }) => ({
    status: "feasible",
    configuration: this.wanted ?? observation.configuration,
    prediction: null,
    evaluations: 0,
    explanation: "as wished",
  });
}

/** What a test may set. */
export interface HarnessOptions {
  readonly mode?: Mode;
  readonly agent?: string;
  readonly budgetUsdPerHour?: number;
  readonly noGuards?: boolean;
  readonly lease?: Lease;
  /** What stands between the loop and the fake cluster; the cluster itself where absent. */
  readonly adapter?: ClusterAdapter;
  /** A real optimizer instead of the wishful one. */
  readonly optimizer?: Optimizer;
}

/** A loop and everything around it. */
export class Harness {
  readonly cluster: FakeCluster;
  readonly optimizer = new WishfulOptimizer();
  readonly events: LoopEvent[] = [];
  readonly context: AgentContext;
  readonly loop: ControlLoop;
  readonly agent: TrustedAgent;
  readonly logs: ClusterStore;
  readonly #store: Store;

  private constructor(
    store: Store,
    logs: ClusterStore,
    cluster: FakeCluster,
    parts: Awaited<ReturnType<typeof Harness.parts>>,
  ) {
    this.#store = store;
    this.logs = logs;
    this.cluster = cluster;
    this.optimizer = parts.optimizer;
    this.context = parts.context;
    this.agent = parts.agent;
    this.loop = parts.loop;
    this.loop.subscribe((event) => this.events.push(event));
  }

  static async parts(logs: ClusterStore, cluster: FakeCluster, options: HarnessOptions) {
    const optimizer = new WishfulOptimizer();
    const context: AgentContext = {
      environment: "trimtab/Fake-v0",
      space: knobLattice(fakeKnobs),
      random: new SeededRandom(1),
      seed: 1,
      model,
      objective: {
        minimize: "cost",
        slo: [{ percentile: 0.99, latencyMs: 100 }],
        reward: { referenceUsdPerHour: 4, latency: 1, miss: 1, change: 0 },
      },
      profilePoints: [],
      deviceRatios: {},
      catalogue: { prices: "none", instances: [], function: null },
      limits: {},
      host: null,
      initial,
      intervalS: 60,
      optimizer: options.optimizer ?? optimizer,
    };
    const factory = findAgent(options.agent ?? "q-table");
    const agent = new TrustedAgent(factory, context, { saved: await savedAgent(logs, factory, context) });
    let micros = 0;
    const loop = new ControlLoop(
      {
        cluster: "default",
        adapter: options.adapter ?? cluster,
        context,
        guards: options.noGuards === true ? [] : guards,
        committedUsdPerHour: (configuration) => Number(configuration["replicas"]),
        budgetUsdPerHour: options.budgetUsdPerHour ?? null,
        store: logs,
        mode: options.mode ?? "active",
        sendsInitial: true,
        lease: options.lease ?? null,
        nowMicros: () => (micros += 5),
      },
      agent,
      await readResumption(logs, context.space),
      await Proposals.open(logs.proposals, 900),
    );
    return { optimizer, context, agent, loop };
  }

  static async open(folder: string, cluster: FakeCluster, options: HarnessOptions = {}): Promise<Harness> {
    const store = await openStore(folder);
    const logs = await store.cluster("default");
    return new Harness(store, logs, cluster, await Harness.parts(logs, cluster, options));
  }

  /** An interval, then a pass. */
  async pass(): ReturnType<ControlLoop["pass"]> {
    await this.loop.rest((seconds) => this.cluster.advance(seconds));
    return this.loop.pass();
  }

  async passes(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.pass();
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

/** A temporary folder for each test of a file. */
export function temporaryFolder(): { path: string } {
  const folder = { path: "" };
  beforeEach(() => {
    folder.path = mkdtempSync(join(tmpdir(), "trimtab-control-"));
  });
  afterEach(() => rmSync(folder.path, { recursive: true, force: true }));
  return folder;
}
