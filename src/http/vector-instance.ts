// Several environments of one kind stepped together, as Gymnasium's vector environments are.
//
// autoreset NextStep   the step after an end ignores its action: it resets, with reward 0
//           SameStep   the step that ends an episode resets at once; the last observation is in `final_obs`, `final_info`
//           Disabled   ended environments must be reset, by `reset_mask`, before they are stepped again

import { type ClusterState, ConfigError, type Info, StateError } from "../core/index.ts";
import type { ActionJson, Instance } from "./instance.ts";

export const AUTORESET_MODES = ["NextStep", "SameStep", "Disabled"] as const;
export type AutoresetMode = (typeof AUTORESET_MODES)[number];

/** What of each environment a vector step tells; shape [environments] throughout. */
export interface VectorStep {
  readonly observations: readonly ClusterState[];
  readonly rewards: readonly number[];
  readonly terminations: readonly boolean[];
  readonly truncations: readonly boolean[];
  readonly infos: readonly Info[];
  /** The last observation of an episode that ended and was reset in this step; null for the others. */
  readonly finals: readonly (FinalState | null)[];
}

/** How an episode ended. */
export interface FinalState {
  readonly observation: ClusterState;
  readonly info: Info;
}

interface EnvironmentStep {
  readonly observation: ClusterState;
  readonly reward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
  readonly info: Info;
  readonly final: FinalState | null;
}

/** A vector of instances. */
export class VectorInstance {
  readonly id: string;
  readonly envId: string;
  readonly autoreset: AutoresetMode;
  readonly instances: readonly Instance[];
  readonly #latest: (ClusterState | null)[];
  readonly #ended: boolean[];

  constructor(id: string, envId: string, autoreset: AutoresetMode, instances: readonly Instance[]) {
    this.id = id;
    this.envId = envId;
    this.autoreset = autoreset;
    this.instances = instances;
    this.#latest = instances.map(() => null);
    this.#ended = instances.map(() => false);
  }

  /**
   * Resets all environments, or those of a mask.
   * @param seeds one an environment; null lets its chance go on
   * @throws {ConfigError} when a list is not as long as the vector
   * @throws {StateError} when the mask leaves out an environment that was never reset
   */
  async reset(
    seeds: readonly (number | null)[],
    mask: readonly boolean[] | null,
  ): Promise<{ observations: ClusterState[]; infos: Info[] }> {
    this.#checkLength("seed", seeds.length);
    if (mask !== null) this.#checkLength("options.reset_mask", mask.length);
    const observations: ClusterState[] = [];
    const infos: Info[] = [];
    for (const [i, instance] of this.instances.entries()) {
      const kept = this.#latest[i] ?? null;
      if (mask !== null && mask[i] !== true) {
        if (kept === null) throw new StateError(`environment ${i}: expected a reset before it is left out, found none`);
        observations.push(kept);
        infos.push({});
        continue;
      }
      const { observation, info } = await instance.reset(seeds[i] ?? null);
      this.#latest[i] = observation;
      this.#ended[i] = false;
      observations.push(observation);
      infos.push(info);
    }
    return { observations, infos };
  }

  /**
   * Takes one action an environment.
   * @throws {ConfigError} when there are not as many actions as environments, or one is none
   * @throws {StateError} before the first reset, or for an ended environment where nothing resets it
   */
  async step(actions: readonly ActionJson[]): Promise<VectorStep> {
    this.#checkLength("actions", actions.length);
    const waits = this.autoreset === "Disabled" ? this.#ended.indexOf(true) : -1;
    if (waits >= 0) throw new StateError(`environment ${waits}: expected a reset after its end, found none`);
    // Each action is looked at before any environment has moved.
    actions.forEach((action, i) => {
      this.instances[i]?.configurationOf(action);
    });
    const steps: EnvironmentStep[] = [];
    for (const [i, instance] of this.instances.entries())
      steps.push(await this.#stepOne(i, instance, actions[i] ?? []));
    return {
      observations: steps.map(({ observation }) => observation),
      rewards: steps.map(({ reward }) => reward),
      terminations: steps.map(({ terminated }) => terminated),
      truncations: steps.map(({ truncated }) => truncated),
      infos: steps.map(({ info }) => info),
      finals: steps.map(({ final }) => final),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.close()));
  }

  async #stepOne(i: number, instance: Instance, action: ActionJson): Promise<EnvironmentStep> {
    if (this.#ended[i] === true) {
      const { observation, info } = await instance.reset(null);
      this.#ended[i] = false;
      this.#latest[i] = observation;
      return { observation, reward: 0, terminated: false, truncated: false, info, final: null };
    }
    const stepped = await instance.step(action);
    const over = stepped.terminated || stepped.truncated;
    this.#latest[i] = stepped.observation;
    if (over && this.autoreset === "SameStep") {
      const { observation, info } = await instance.reset(null);
      this.#latest[i] = observation;
      return { ...stepped, observation, info, final: { observation: stepped.observation, info: stepped.info } };
    }
    this.#ended[i] = over;
    return { ...stepped, final: null };
  }

  #checkLength(path: string, found: number): void {
    const expected = this.instances.length;
    if (found === expected) return;
    throw new ConfigError("body", [{ path, expected: `${expected}, one an environment`, found: String(found) }]);
  }
}

/** Infos as a vector environment gives them: each key an array, with a mask of where it was told under `_key`. */
export function joinInfos(infos: readonly Info[]): Record<string, unknown> {
  const keys = new Set(infos.flatMap((info) => Object.keys(info)));
  return Object.fromEntries(
    [...keys].flatMap((key) => [
      [key, infos.map((info) => info[key] ?? null)],
      [`_${key}`, infos.map((info) => key in info)],
    ]),
  );
}
