// Environments over HTTP: a bounded number of instances, alone and in vectors.

import { randomUUID } from "node:crypto";
import { environmentId, type OpenScenario } from "../../environments/index.ts";
import { ConfigError, TrimtabError, UnknownNameError } from "../core/index.ts";
import { Instance } from "./instance.ts";
import type { Scenarios } from "./scenarios.ts";
import { type AutoresetMode, VectorInstance } from "./vector-instance.ts";

/** Instances at a time, those of vectors not counted; and environments of all vectors together. */
export const INSTANCE_LIMIT = 32;
const VECTOR_LIMIT = 128;

/** How an instance is made. */
export interface InstanceOrder {
  /** Gymnasium id such as "trimtab/ImageDiurnal-v0", or the name of a scenario. */
  readonly envId: string;
  /** Episodes are truncated after this many steps; null for the scenario's own length. */
  readonly maxEpisodeSteps: number | null;
  /** Seconds between decisions; null for the scenario's own. */
  readonly intervalS: number | null;
}

/** How a vector of instances is made. */
export interface VectorOrder extends InstanceOrder {
  readonly count: number;
  readonly autoreset: AutoresetMode;
}

/** The instances of a service. */
export class Instances {
  readonly #scenarios: Scenarios;
  readonly #instances = new Map<string, Instance>();
  readonly #vectors = new Map<string, VectorInstance>();

  constructor(scenarios: Scenarios) {
    this.#scenarios = scenarios;
  }

  list(): Instance[] {
    return [...this.#instances.values()];
  }

  /**
   * @throws {ConfigError} for an environment that does not exist
   * @throws {TrimtabError} E_CONFLICT when there are as many as may be
   */
  async create(order: InstanceOrder): Promise<Instance> {
    const open = await this.#openFor(order);
    if (this.#instances.size >= INSTANCE_LIMIT) {
      const message = `environments: expected fewer than ${INSTANCE_LIMIT} instances, found ${this.#instances.size}`;
      throw new TrimtabError("E_CONFLICT", `${message}: close one first`);
    }
    const id = randomUUID().slice(0, 8);
    const instance = new Instance(id, open.id, open, order.maxEpisodeSteps);
    this.#instances.set(id, instance);
    return instance;
  }

  /** Makes a vector of instances. @throws as `create` */
  async createVector(order: VectorOrder): Promise<VectorInstance> {
    const { maxEpisodeSteps, count, autoreset } = order;
    const open = await this.#openFor(order);
    const running = [...this.#vectors.values()].reduce((sum, vector) => sum + vector.instances.length, 0);
    if (running + count > VECTOR_LIMIT) {
      const message = `vector environments: expected at most ${VECTOR_LIMIT} together, found ${running + count}`;
      throw new TrimtabError("E_CONFLICT", `${message}: close some first`);
    }
    const id = randomUUID().slice(0, 8);
    const instances = Array.from(
      { length: count },
      (_, i) => new Instance(`${id}-${i}`, open.id, open, maxEpisodeSteps),
    );
    const vector = new VectorInstance(id, open.id, autoreset, instances);
    this.#vectors.set(id, vector);
    return vector;
  }

  /** @throws {UnknownNameError} when there is no such vector */
  vector(id: string): VectorInstance {
    const vector = this.#vectors.get(id);
    if (vector !== undefined) return vector;
    throw new UnknownNameError("vector environment", id, [...this.#vectors.keys()]);
  }

  async removeVector(id: string): Promise<void> {
    const vector = this.vector(id);
    this.#vectors.delete(id);
    await vector.close();
  }

  /** @throws {UnknownNameError} when there is no such instance */
  get(id: string): Instance {
    const instance = this.#instances.get(id);
    if (instance !== undefined) return instance;
    throw new UnknownNameError("environment instance", id, [...this.#instances.keys()]);
  }

  async remove(id: string): Promise<void> {
    const instance = this.get(id);
    this.#instances.delete(id);
    await instance.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#instances.keys()].map((id) => this.remove(id)));
    await Promise.all([...this.#vectors.keys()].map((id) => this.removeVector(id)));
  }

  async #openFor({ envId, intervalS }: InstanceOrder): Promise<OpenScenario> {
    const open = await this.#scenarios.open(await this.#scenarioOf(envId));
    return intervalS === null ? open : { ...open, intervalS };
  }

  async #scenarioOf(envId: string): Promise<string> {
    const names = await this.#scenarios.list();
    const found = names.find((name) => name === envId || environmentId(name) === envId);
    if (found !== undefined) return found;
    const expected = `one of ${names.map(environmentId).join(", ")}`;
    throw new ConfigError("body", [{ path: "env_id", expected, found: envId }]);
  }
}
