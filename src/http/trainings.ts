// Trainings over HTTP: started in a worker each, watched, stopped, and kept in the catalogue with what they came to.

import { findAgent } from "../../agents/index.ts";
import { ConfigError, StateError, toJson, UnknownNameError } from "../core/index.ts";
import { readCheckpoint, type Store, type TrainingEntry } from "../store/index.ts";
import { type RunningTraining, startTraining, type TrainingUpdate } from "../training/index.ts";
import type { Scenarios } from "./scenarios.ts";

/** Trainings at a time: each takes a core and up to two gigabytes. */
const RUNNING_LIMIT = 2;

/** Episodes whose reward is told; older ones are in the checkpoint. */
const LARGEST_CURVE = 200;

/** What to train. */
export interface TrainingOrder {
  readonly scenario: string;
  readonly agent: string;
  readonly seed: number;
  readonly episodes: number;
}

/** Called with every change of a training. */
export type TrainingListener = (entry: TrainingEntry) => void;

/** Who is told of all trainings. */
export interface TrainingsWatcher {
  readonly onChange: TrainingListener;
  /** Called when the end of a training could not be kept. */
  readonly onError: (error: unknown) => void;
}

interface Running {
  readonly worker: RunningTraining;
  over: Promise<void>;
}

/** A name in a body that is in no registry is the body's fault, not a resource that is missing. */
function refusedAt(path: string, found: string, error: unknown): unknown {
  if (!(error instanceof UnknownNameError)) return error;
  return new ConfigError("body", [{ path, expected: `one of ${error.known.join(", ")}`, found }], { cause: error });
}

/** The trainings of a service. */
export class Trainings {
  readonly #store: Store;
  readonly #scenarios: Scenarios;
  readonly #dataFolder: string | null;
  readonly #nowIso: () => string;
  readonly #watcher: TrainingsWatcher;
  readonly #running = new Map<string, Running>();
  readonly #latest = new Map<string, TrainingEntry>();
  readonly #listeners = new Map<string, Set<TrainingListener>>();

  constructor(
    store: Store,
    scenarios: Scenarios,
    dataFolder: string | null,
    nowIso: () => string,
    watcher: TrainingsWatcher,
  ) {
    this.#watcher = watcher;
    this.#store = store;
    this.#scenarios = scenarios;
    this.#dataFolder = dataFolder;
    this.#nowIso = nowIso;
  }

  /** Trainings that ran when the service was killed did not come to an end. */
  async settleInterrupted(): Promise<void> {
    for (const entry of this.#store.catalogue.trainings.list()) {
      if (entry.status !== "running") continue;
      const error = "the service was stopped while it ran";
      await this.#store.catalogue.trainings.put(entry.id, {
        ...entry,
        status: "failed",
        error,
        endedAt: this.#nowIso(),
      });
    }
  }

  list(): TrainingEntry[] {
    return this.#store.catalogue.trainings.list().map((entry) => this.#latest.get(entry.id) ?? entry);
  }

  /** Trainings under way. */
  get running(): number {
    return this.#running.size;
  }

  /** @throws {UnknownNameError} when there is no such training */
  get(id: string): TrainingEntry {
    const entry = this.#latest.get(id) ?? this.#store.catalogue.trainings.get(id);
    if (entry !== null) return entry;
    throw new UnknownNameError(
      "training",
      id,
      this.list().map((training) => training.id),
    );
  }

  /**
   * Starts a training in a worker.
   * @throws {ConfigError} for a scenario or agent that does not exist
   * @throws {TraceError} when the scenario's data is missing
   * @throws {StateError} when as many run as may
   */
  async start(order: TrainingOrder): Promise<TrainingEntry> {
    try {
      findAgent(order.agent);
    } catch (error) {
      throw refusedAt("agent", order.agent, error);
    }
    await this.#scenarios.open(order.scenario).catch((error: unknown) => {
      throw refusedAt("scenario", order.scenario, error);
    });
    if (this.#running.size >= RUNNING_LIMIT) {
      throw new StateError(`trainings: expected fewer than ${RUNNING_LIMIT} running, found ${this.#running.size}`);
    }
    const id = this.#freeId(order);
    const entry: TrainingEntry = {
      ...order,
      id,
      status: "running",
      progress: null,
      policy: null,
      error: null,
      startedAt: this.#nowIso(),
      endedAt: null,
    };
    const request = { ...order, out: this.#store.policyPath(id), dataFolder: this.#dataFolder };
    const worker = startTraining(request, (update) => this.#note(id, update));
    const running: Running = { worker, over: Promise.resolve() };
    this.#running.set(id, running);
    this.#tell(entry);
    running.over = this.#watch(id, worker).catch(this.#watcher.onError);
    await this.#store.catalogue.trainings.put(id, entry);
    return entry;
  }

  /** Asks a training to stop; what its finished episodes came to stays. @throws {StateError} when it does not run */
  stop(id: string): TrainingEntry {
    const entry = this.get(id);
    const running = this.#running.get(id);
    if (running === undefined) throw new StateError(`training ${id}: expected a running one, found it ${entry.status}`);
    running.worker.stop();
    return entry;
  }

  /** Calls a listener with the training as it is, and with every change. @returns a function that ends it */
  watch(id: string, listener: TrainingListener): () => void {
    const entry = this.get(id);
    listener(entry);
    if (entry.status !== "running") return () => undefined;
    const listeners = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Stops all and waits for them. */
  async close(): Promise<void> {
    for (const { worker } of this.#running.values()) worker.stop();
    await Promise.all([...this.#running.values()].map(({ over }) => over));
  }

  async #watch(id: string, worker: RunningTraining): Promise<void> {
    let end: Pick<TrainingEntry, "status" | "error" | "policy">;
    try {
      const { stopped } = await worker.done;
      end = { status: stopped ? "stopped" : "done", error: null, policy: await this.#keepPolicy(id) };
    } catch (error) {
      end = { status: "failed", error: error instanceof Error ? error.message : String(error), policy: null };
    }
    this.#running.delete(id);
    const entry = { ...this.get(id), ...end, endedAt: this.#nowIso() };
    await this.#store.catalogue.trainings.put(id, entry);
    this.#tell(entry);
    this.#latest.delete(id);
    this.#listeners.delete(id);
  }

  async #keepPolicy(id: string): Promise<string> {
    const { agent, environment, spec } = await readCheckpoint(this.#store.policyPath(id));
    const { scenario } = this.get(id);
    await this.#store.catalogue.policies.put(id, {
      id,
      agent,
      environment,
      scenario,
      checkpoint: `${id}.checkpoint`,
      sha256: spec.sha256,
      createdAt: this.#nowIso(),
      training: id,
    });
    return id;
  }

  #note(id: string, update: TrainingUpdate): void {
    if (update.type === "done") return;
    const { curve, ...progress } = update.progress;
    this.#tell({ ...this.get(id), progress: toJson({ ...progress, curve: curve.slice(-LARGEST_CURVE) }) });
  }

  #tell(entry: TrainingEntry): void {
    this.#latest.set(entry.id, entry);
    this.#watcher.onChange(entry);
    for (const listener of this.#listeners.get(entry.id) ?? []) listener(entry);
  }

  #freeId({ agent, scenario }: TrainingOrder): string {
    const name = `${agent.split(":")[0]}-${scenario}`.slice(0, 56);
    let number = this.#store.catalogue.trainings.list().length + 1;
    while (this.#latest.has(`${name}-${number}`) || this.#store.catalogue.trainings.get(`${name}-${number}`) !== null)
      number++;
    return `${name}-${number}`;
  }
}
