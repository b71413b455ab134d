// Clusters the service tunes: attached by name, each with its control loop running, kept in the store for the next start.

import { isSimulated, type LoadedCluster, modeIssues, type Reach, type TuningTask } from "../../environments/index.ts";
import {
  type ControlLoop,
  type LoopEvent,
  type OpenLoop,
  openLoop,
  runLoop,
  type TrustedAgent,
} from "../control/index.ts";
import { ConfigError, type Mode, TrimtabError, UnknownNameError } from "../core/index.ts";
import type { ClusterEntry, ClusterStore, Store } from "../store/index.ts";
import { clusterSource, type EmbeddedOptions, embeddedFile, keptFile } from "./cluster-source.ts";
import type { Scenarios } from "./scenarios.ts";

/** A cluster under control. */
export interface AttachedCluster {
  readonly entry: ClusterEntry;
  readonly task: TuningTask;
  readonly loop: ControlLoop;
  readonly agent: TrustedAgent;
  readonly logs: ClusterStore;
}

interface Running {
  cluster: AttachedCluster;
  readonly open: OpenLoop;
  readonly stop: AbortController;
  /** Settles when the loop has ended. */
  over: Promise<void>;
  /** Why the last pass could not be recorded; null when it was. */
  fault: string | null;
}

/** Everything that happens in the loops, and what went wrong around them. */
export interface ClusterListener {
  readonly onEvent: (cluster: string, event: LoopEvent) => void;
  readonly onError: (cluster: string, error: unknown) => void;
}

/** Who tunes a cluster whose file does not say: one agent counts machines, the other sets what they run. */
const FLEET_AGENT = "region-fleet";
const MACHINE_AGENT = "region-sim";
const OPTIMIZER = "mark";

/** How a cluster is attached. */
export interface AttachOptions {
  /** Whether a real cluster that cannot be reached is an error, or waited for. */
  readonly reachNow: boolean;
  /** The operator's word; null leaves it to the store and the file. */
  readonly mode: Mode | null;
}

/** The clusters of a service. */
export class Clusters {
  readonly #store: Store;
  readonly #scenarios: Scenarios;
  readonly #reach: Reach;
  readonly #listener: ClusterListener;
  readonly #running = new Map<string, Running>();
  /** Kept in the store, and not attached for a reason. */
  readonly #failed = new Map<string, string>();

  constructor(store: Store, scenarios: Scenarios, reach: Reach, listener: ClusterListener) {
    this.#store = store;
    this.#scenarios = scenarios;
    this.#reach = reach;
    this.#listener = listener;
  }

  list(): AttachedCluster[] {
    return [...this.#running.values()].map(({ cluster }) => cluster);
  }

  /** @throws {UnknownNameError} when no such cluster is attached */
  get(name: string): AttachedCluster {
    return this.#find(name).cluster;
  }

  /** Why each cluster of the store is not in order; null where it is. */
  faults(): ReadonlyMap<string, string | null> {
    const running = [...this.#running].map(([name, { fault }]) => [name, fault] as const);
    return new Map([...this.#failed, ...running]);
  }

  /** Sets the operator's ceiling; durable when the promise resolves. @throws {ConfigError} when the adapter cannot */
  async setMode(name: string, mode: Mode): Promise<void> {
    const running = this.#find(name);
    const issues = modeIssues(running.cluster.entry.adapter, mode);
    if (issues.length > 0) throw new ConfigError(`cluster ${name}`, issues);
    const entry = { ...running.cluster.entry, mode };
    await this.#store.catalogue.clusters.put(name, entry);
    await running.cluster.loop.setMode(mode);
    running.cluster = { ...running.cluster, entry };
  }

  /** Sets the budget of a cluster, over its file's; durable when the promise resolves. */
  async setBudget(name: string, usdPerHour: number): Promise<void> {
    const running = this.#find(name);
    const entry = { ...running.cluster.entry, budgetUsdPerHour: usdPerHour };
    await this.#store.catalogue.clusters.put(name, entry);
    await running.cluster.loop.setBudget(usdPerHour);
    running.cluster = { ...running.cluster, entry };
  }

  /** Attaches a cluster that is new. @throws {TrimtabError} E_CONFLICT when the name is taken, else as `attach` */
  async create(loaded: LoadedCluster): Promise<AttachedCluster> {
    const { name } = loaded.file;
    if (this.#store.catalogue.clusters.get(name) === null) return this.attach(loaded, { reachNow: true, mode: null });
    throw new TrimtabError("E_CONFLICT", `clusters: expected a new name, found ${name}, which is attached`);
  }

  /** Attaches the embedded simulated cluster. @throws as `attach` */
  attachEmbedded(options: EmbeddedOptions): Promise<AttachedCluster> {
    const file = embeddedFile(options, this.#store.catalogue.clusters.get(options.name));
    return this.attach(file, { reachNow: true, mode: options.mode });
  }

  /** Attaches every cluster of the store that is not attached yet. One that cannot be is told of, and kept. */
  async attachStored(): Promise<void> {
    for (const entry of this.#store.catalogue.clusters.list()) {
      if (this.#running.has(entry.name)) continue;
      try {
        await this.attach(keptFile(entry), { reachNow: false, mode: null });
      } catch (error) {
        this.#failed.set(entry.name, error instanceof Error ? error.message : String(error));
        this.#listener.onError(entry.name, error);
      }
    }
  }

  /**
   * Attaches a cluster, goes on where it stopped, and starts its loop. The mode the operator set last outlives the
   * file's for as long as the file's stays what it was.
   * @throws {ConfigError} when the file does not fit together, or the store knows the name under another scenario
   * @throws {ObservationError} when it cannot be reached and must be
   */
  async attach(loaded: LoadedCluster, options: AttachOptions): Promise<AttachedCluster> {
    const { file, document, folder } = loaded;
    const known = this.#store.catalogue.clusters.get(file.name);
    const scenario = isSimulated(file) ? file.scenario : null;
    if (known !== null) this.#refuseAnother(known, scenario);
    const stop = new AbortController();
    const { clock } = this.#reach;
    const reach = { ...this.#reach, clock: { ...clock, sleep: (ms: number) => clock.sleep(ms, stop.signal) } };
    const source = await clusterSource(loaded, this.#scenarios, reach, options.reachNow);
    const counts = source.task.lattice.knobs.some((knob) => knob.name.startsWith("instances."));
    const kept = known !== null && keptFile(known).file.mode === file.mode ? known.mode : file.mode;
    const entry: ClusterEntry = {
      name: file.name,
      adapter: file.adapter,
      scenario,
      agent: file.agent ?? known?.agent ?? (counts ? FLEET_AGENT : MACHINE_AGENT),
      optimizer: file.optimizer ?? known?.optimizer ?? OPTIMIZER,
      mode: options.mode ?? kept,
      attachedAt: known?.attachedAt ?? new Date(clock.nowMs()).toISOString(),
      document,
      folder,
      ...(known?.budgetUsdPerHour === undefined ? {} : { budgetUsdPerHour: known.budgetUsdPerHour }),
    };
    const logs = await this.#store.cluster(file.name);
    const { name, agent, optimizer, mode } = entry;
    const { dataFolder } = this.#scenarios;
    const budgetUsdPerHour = entry.budgetUsdPerHour ?? source.task.budgetUsdPerHour;
    const who = { agent, optimizer, seed: file.seed, mode, budgetUsdPerHour };
    const open = await openLoop({ name, ...source, dataFolder, ...who, logs });
    await this.#store.catalogue.clusters.put(name, entry);
    const cluster = { entry, task: source.task, loop: open.loop, agent: open.agent, logs };
    await this.#start(cluster, open, stop, isSimulated(file) ? file.speed : null);
    return cluster;
  }

  /** Ends a cluster's loop and forgets the cluster; it stays as it runs, and its logs stay on disk. */
  async detach(name: string): Promise<void> {
    const running = this.#running.get(name);
    if (running === undefined && !this.#failed.has(name)) this.#find(name);
    await this.#store.catalogue.clusters.remove(name);
    this.#failed.delete(name);
    this.#running.delete(name);
    if (running !== undefined) await this.#end(running);
    await this.#store.release(name);
  }

  /** Stops every loop after the pass under way, and keeps what its agent learnt. */
  async close(): Promise<void> {
    await Promise.all([...this.#running.values()].map((running) => this.#end(running)));
  }

  #refuseAnother(known: ClusterEntry, scenario: string | null): void {
    if (known.scenario === scenario) return;
    const expected = `${known.scenario ?? "a real cluster"}, or another store`;
    const path = `clusters.${known.name}.scenario`;
    throw new ConfigError(`store ${this.#store.folder}`, [{ path, expected, found: scenario ?? "a real cluster" }]);
  }

  async #start(cluster: AttachedCluster, open: OpenLoop, stop: AbortController, speed: number | null): Promise<void> {
    const { name } = cluster.entry;
    const running: Running = { cluster, open, stop, fault: null, over: Promise.resolve() };
    cluster.loop.subscribe((event) => {
      if (event.type === "pass") running.fault = null;
      this.#listener.onEvent(name, event);
    });
    await cluster.loop.resume();
    const onError = (error: unknown): void => {
      running.fault = error instanceof Error ? error.message : String(error);
      this.#listener.onError(name, error);
    };
    running.over = runLoop(cluster.loop, open.adapter, { speed, signal: stop.signal, onError });
    this.#failed.delete(name);
    this.#running.set(name, running);
  }

  async #end({ open, stop, over }: Running): Promise<void> {
    stop.abort();
    await over;
    await open.close();
  }

  #find(name: string): Running {
    const running = this.#running.get(name);
    if (running !== undefined) return running;
    throw new UnknownNameError("cluster", name, [...this.#running.keys()]);
  }
}
