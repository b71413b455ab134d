// Clusters the service tunes: attached by name, each with its control loop running.

import { findAgent } from "../../agents/index.ts";
import { agentContext, type OpenScenario } from "../../environments/index.ts";
import {
  ControlLoop,
  embeddedCluster,
  type LoopEvent,
  type PlanHost,
  planHost,
  readResumption,
  referenceSnapshot,
  runLoop,
  savedAgent,
  TrustedAgent,
} from "../control/index.ts";
import { type ClusterAdapter, ConfigError, type Mode, UnknownNameError } from "../core/index.ts";
import { guards } from "../guards/index.ts";
import { SeededRandom } from "../math/index.ts";
import { createOptimizer } from "../optimizers/index.ts";
import type { ClusterEntry, ClusterStore, Store } from "../store/index.ts";
import type { Scenarios } from "./scenarios.ts";

/** What a simulated cluster is attached with; null takes what the store remembers, else the default. */
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

/** A cluster under control. */
export interface AttachedCluster {
  readonly entry: ClusterEntry;
  readonly open: OpenScenario;
  readonly loop: ControlLoop;
  readonly agent: TrustedAgent;
  readonly logs: ClusterStore;
}

interface Running {
  cluster: AttachedCluster;
  readonly adapter: ClusterAdapter;
  readonly plans: PlanHost;
  readonly stop: AbortController;
  /** Settles when the loop has ended. */
  over: Promise<void>;
  /** Why the last pass could not be recorded; null when it was. */
  fault: string | null;
}

const defaults = { scenario: "image-diurnal", agent: "region-fleet", optimizer: "mark", mode: "active" } as const;

/** Everything that happens in the loops, and what went wrong around them. */
export interface ClusterListener {
  readonly onEvent: (cluster: string, event: LoopEvent) => void;
  readonly onError: (cluster: string, error: unknown) => void;
}

/** The clusters of a service. */
export class Clusters {
  readonly #store: Store;
  readonly #scenarios: Scenarios;
  readonly #listener: ClusterListener;
  readonly #nowIso: () => string;
  readonly #running = new Map<string, Running>();

  constructor(store: Store, scenarios: Scenarios, listener: ClusterListener, nowIso: () => string) {
    this.#store = store;
    this.#scenarios = scenarios;
    this.#listener = listener;
    this.#nowIso = nowIso;
  }

  list(): AttachedCluster[] {
    return [...this.#running.values()].map(({ cluster }) => cluster);
  }

  /** @throws {UnknownNameError} when no such cluster is attached */
  get(name: string): AttachedCluster {
    return this.#find(name).cluster;
  }

  /** Why a cluster is not in order; null when it is. */
  fault(name: string): string | null {
    return this.#find(name).fault;
  }

  /** Sets the operator's ceiling; durable when the promise resolves. */
  async setMode(name: string, mode: Mode): Promise<void> {
    const running = this.#find(name);
    const entry = { ...running.cluster.entry, mode };
    await this.#store.catalogue.clusters.put(name, entry);
    await running.cluster.loop.setMode(mode);
    running.cluster = { ...running.cluster, entry };
  }

  /**
   * Attaches the embedded simulated cluster, goes on where it stopped, and starts its loop.
   * @throws {ConfigError} when the store knows the cluster under another scenario
   */
  async attachEmbedded(options: EmbeddedOptions): Promise<AttachedCluster> {
    const entry = this.#entryFor(options);
    const open = await this.#scenarios.open(entry.scenario);
    const logs = await this.#store.cluster(entry.name);
    const random = new SeededRandom(options.seed).split(`cluster ${entry.name}`);
    const context = agentContext(open, random.split("agent"), options.seed, createOptimizer(entry.optimizer));
    const factory = findAgent(entry.agent);
    const [resumption, saved] = await Promise.all([
      readResumption(logs, open.lattice),
      savedAgent(logs, factory, context),
    ]);
    const plans = planHost({
      scenario: entry.scenario,
      dataFolder: this.#scenarios.dataFolder,
      agent: entry.agent,
      optimizer: entry.optimizer,
      seed: options.seed,
    });
    const trained = saved === null ? await referenceSnapshot(entry.agent, open) : null;
    const agent = new TrustedAgent(factory, context, { saved, trained, planner: plans.planner });
    const { timeS, sent } = resumption;
    const adapter = embeddedCluster(open, random.split("cluster"), {
      timeS,
      configuration: sent?.configuration ?? null,
    });
    const { committedUsdPerHour, budgetUsdPerHour } = open;
    const parts = { cluster: entry.name, adapter, context, guards, committedUsdPerHour, budgetUsdPerHour, store: logs };
    const nowMicros = (): number => performance.now() * 1000;
    const loop = new ControlLoop({ ...parts, mode: entry.mode, nowMicros }, agent, resumption);
    await this.#store.catalogue.clusters.put(entry.name, entry);
    const cluster: AttachedCluster = { entry, open, loop, agent, logs };
    await this.#start(cluster, adapter, plans, options.speed);
    return cluster;
  }

  /** Stops every loop after the pass under way, and keeps what its agent learnt. */
  async close(): Promise<void> {
    await Promise.all(
      [...this.#running.values()].map(async ({ cluster, adapter, plans, stop, over }) => {
        stop.abort();
        await over;
        await cluster.loop.save();
        await plans.close();
        await adapter.close();
      }),
    );
  }

  async #start(cluster: AttachedCluster, adapter: ClusterAdapter, plans: PlanHost, speed: number): Promise<void> {
    const { name } = cluster.entry;
    const stop = new AbortController();
    const running: Running = { cluster, adapter, plans, stop, fault: null, over: Promise.resolve() };
    cluster.loop.subscribe((event) => {
      if (event.type === "pass") running.fault = null;
      this.#listener.onEvent(name, event);
    });
    await cluster.loop.resume();
    const onError = (error: unknown): void => {
      running.fault = error instanceof Error ? error.message : String(error);
      this.#listener.onError(name, error);
    };
    running.over = runLoop(cluster.loop, adapter, { speed, signal: stop.signal, onError });
    this.#running.set(name, running);
  }

  #entryFor(options: EmbeddedOptions): ClusterEntry {
    const known = this.#store.catalogue.clusters.get(options.name);
    if (known !== null && options.scenario !== null && options.scenario !== known.scenario) {
      throw new ConfigError(`store ${this.#store.folder}`, [
        {
          path: `clusters.${options.name}.scenario`,
          expected: `${known.scenario}, or another store`,
          found: options.scenario,
        },
      ]);
    }
    return {
      name: options.name,
      adapter: "simulated",
      scenario: options.scenario ?? known?.scenario ?? defaults.scenario,
      agent: options.agent ?? known?.agent ?? defaults.agent,
      optimizer: options.optimizer ?? known?.optimizer ?? defaults.optimizer,
      mode: options.mode ?? known?.mode ?? defaults.mode,
      attachedAt: known?.attachedAt ?? this.#nowIso(),
    };
  }

  #find(name: string): Running {
    const running = this.#running.get(name);
    if (running !== undefined) return running;
    throw new UnknownNameError("cluster", name, [...this.#running.keys()]);
  }
}
