// One environment over HTTP, used by one request at a time.

import { type OpenScenario, simulatedEnvironment } from "../../environments/index.ts";
import {
  type ClusterState,
  ConfigError,
  type Configuration,
  type Environment,
  type Info,
  type ResetResult,
  StateError,
} from "../core/index.ts";
import { applyGuards } from "../guards/index.ts";
import { SeededRandom } from "../math/index.ts";

/** What a step over HTTP gives. */
export interface SteppedOver {
  readonly observation: ClusterState;
  readonly reward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
  readonly info: Info;
}

/** An action as it is sent: positions on the knob lattice, or a value for every knob. */
export type ActionJson = readonly number[] | Configuration;

/** One environment and whoever uses it. */
export class Instance {
  readonly id: string;
  readonly envId: string;
  readonly open: OpenScenario;
  readonly #environment: Environment;
  readonly #samples: SeededRandom;
  #sampled = 0;
  #observation: ClusterState | null = null;
  #busy: Promise<unknown> = Promise.resolve();

  constructor(id: string, envId: string, open: OpenScenario, maxEpisodeSteps: number | null) {
    this.id = id;
    this.envId = envId;
    this.open = open;
    // The first observation takes an interval of its own.
    const episodeS = maxEpisodeSteps === null ? null : (maxEpisodeSteps + 1) * open.intervalS;
    this.#environment = simulatedEnvironment(open, episodeS === null ? {} : { episodeS });
    this.#samples = new SeededRandom(0).split(id);
  }

  reset(seed: number | null): Promise<ResetResult> {
    return this.#exclusively(async () => {
      const result = await this.#environment.reset(seed === null ? {} : { seed });
      this.#observation = result.observation;
      return result;
    });
  }

  /**
   * Takes an action. What is outside bounds or budget is taken back inside, and `info.guarded` says so.
   * @throws {ConfigError} when it is no action of this environment
   * @throws {StateError} before the first reset
   */
  step(action: ActionJson): Promise<SteppedOver> {
    return this.#exclusively(async () => {
      const observation = this.#observation;
      if (observation === null) {
        throw new StateError(`environment ${this.id}: expected a reset before the first step, found none`);
      }
      const { proposal, actions } = applyGuards(
        { configuration: this.configurationOf(action), reason: "over HTTP" },
        {
          nowS: observation.timeS,
          running: observation.configuration,
          inFlight: observation.inFlight,
          lastChangeS: {},
          changesS: [],
          observation,
          lattice: this.open.lattice,
          objective: this.open.objective,
          mode: "active",
          committedUsdPerHour: this.open.committedUsdPerHour,
          budgetUsdPerHour: this.open.budgetUsdPerHour,
        },
      );
      const result = await this.#environment.step(proposal);
      this.#observation = result.observation;
      return { ...result, info: { ...result.info, guarded: actions.length > 0 } };
    });
  }

  /** A random action, as positions. */
  sampleAction(): number[] {
    const random = this.#samples.split(String(this.#sampled++));
    return [...this.open.lattice.coordinates(this.open.lattice.sample(random))];
  }

  /** Whether something sent is an action that can run. */
  containsAction(action: ActionJson): boolean {
    try {
      return this.open.lattice.contains(this.configurationOf(action));
    } catch {
      return false;
    }
  }

  /** Whether something sent is an observation of this environment. @param vector shape [size] */
  containsObservation(vector: readonly number[]): boolean {
    const { features } = this.open.observationSpace;
    return (
      vector.length === features.length &&
      features.every(({ low, high }, i) => (vector[i] ?? Number.NaN) >= low && (vector[i] ?? Number.NaN) <= high)
    );
  }

  close(): Promise<void> {
    return this.#exclusively(() => this.#environment.close());
  }

  /** @throws {ConfigError} when it is no action of this environment */
  configurationOf(action: ActionJson): Configuration {
    const { knobs } = this.open.lattice;
    if (!Array.isArray(action)) {
      const configuration = action as Configuration;
      this.open.lattice.coordinates(configuration);
      const unknown = Object.keys(configuration).find((name) => !knobs.some((knob) => knob.name === name));
      if (unknown === undefined) return configuration;
      throw new ConfigError("action", [{ path: unknown, expected: "a knob of this environment", found: unknown }]);
    }
    const positions: readonly number[] = action;
    if (positions.length !== knobs.length) {
      const expected = `${knobs.length} positions`;
      throw new ConfigError("action", [{ path: "length", expected, found: String(positions.length) }]);
    }
    positions.forEach((position, k) => {
      const count = knobs[k]?.values.length ?? 0;
      if (Number.isInteger(position) && position >= 0 && position < count) return;
      const path = `[${k}] ${knobs[k]?.name}`;
      throw new ConfigError("action", [{ path, expected: `a whole number in [0, ${count})`, found: String(position) }]);
    });
    return this.open.lattice.at(positions);
  }

  #exclusively<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#busy.then(run);
    this.#busy = result.catch(() => undefined);
    return result;
  }
}
