// A cluster as a Gym-like task: apply, let time pass, observe, reward. Simulated and real alike.

import {
  type ClusterAdapter,
  type ClusterState,
  ConfigError,
  type Environment,
  type Info,
  type KnobLattice,
  type Objective,
  type Proposal,
  type Random,
  type ResetResult,
  rewardOf,
  type Space,
  StateError,
  type StepResult,
  type Trial,
} from "../src/core/index.ts";
import { SeededRandom } from "../src/math/index.ts";

/** What a cluster environment is made from. */
export interface ClusterEnvironmentOptions<Cluster extends ClusterAdapter> {
  readonly id: string;
  readonly observationSpace: Space<ClusterState>;
  readonly actionSpace: KnobLattice;
  readonly objective: Objective;
  readonly intervalS: number;
  /** Steps after which an episode is truncated; Infinity for a cluster that is not ours to restart. */
  readonly episodeSteps: number;
  /** Chance of the episodes until a reset brings a seed; seed 0 where absent. */
  readonly random?: Random;
  /** Number of the first episode: an interrupted training goes on with the chance it would have had. */
  readonly firstEpisode?: number;
  /** A fresh cluster for each episode, or always the one that is attached. */
  readonly openCluster: (random: Random, episode: number) => Promise<Cluster>;
}

/** Wraps clusters as an {@link Environment}. Episodes are truncated, never terminated. */
export class ClusterEnvironment<Cluster extends ClusterAdapter = ClusterAdapter> implements Environment {
  readonly id: string;
  readonly observationSpace: Space<ClusterState>;
  readonly actionSpace: KnobLattice;
  readonly #options: ClusterEnvironmentOptions<Cluster>;
  readonly episodeSteps: number;
  #random: Random;
  #episode: number;
  #steps = 0;
  #cluster: Cluster | null = null;
  #observation: ClusterState | null = null;
  #closed = false;

  constructor(options: ClusterEnvironmentOptions<Cluster>) {
    this.id = options.id;
    this.observationSpace = options.observationSpace;
    this.actionSpace = options.actionSpace;
    this.episodeSteps = options.episodeSteps;
    this.#random = options.random ?? new SeededRandom(0);
    this.#episode = options.firstEpisode ?? 0;
    this.#options = options;
  }

  /** The cluster of the running episode. @throws {StateError} before the first reset */
  get cluster(): Cluster {
    if (this.#cluster === null)
      throw new StateError(`${this.id}: expected a reset before the cluster is asked for, found none`);
    return this.#cluster;
  }

  async reset(options: { seed?: number } = {}): Promise<ResetResult> {
    if (this.#closed) throw new StateError(`${this.id}: expected an open environment, found a closed one`);
    if (options.seed !== undefined) {
      this.#random = new SeededRandom(options.seed);
      this.#episode = 0;
    }
    await this.#cluster?.close();
    const episode = this.#episode++;
    this.#cluster = await this.#options.openCluster(this.#random.split(`episode-${episode}`), episode);
    this.#steps = 0;
    await this.#cluster.advance(this.#options.intervalS);
    this.#observation = await this.#cluster.observe();
    return { observation: this.#observation, info: { episode } };
  }

  async step(proposal: Proposal): Promise<StepResult> {
    const previous = this.#observation;
    if (this.#cluster === null || previous === null || this.#closed) {
      throw new StateError(`${this.id}: expected a reset before the first step, found none`);
    }
    if (!this.actionSpace.contains(proposal.configuration)) {
      throw new ConfigError("action", [
        {
          path: "configuration",
          expected: "an allowed configuration of the knob lattice",
          found: JSON.stringify(proposal.configuration),
        },
      ]);
    }
    const { intervalS } = this.#options;
    let aborted = false;
    if (proposal.trial === undefined) {
      await this.#cluster.apply(proposal.configuration);
      await this.#cluster.advance(intervalS);
    } else {
      aborted = await this.#tryOut(this.#cluster, proposal, proposal.trial, previous);
    }
    const observation = await this.#cluster.observe();
    this.#observation = observation;
    this.#steps += 1;
    const { reward, info: terms } = rewardOf(
      previous.configuration,
      observation,
      this.#options.objective,
      this.actionSpace,
    );
    const info: Info = {
      ...terms,
      aborted,
      costUsd: observation.metrics.costUsd,
      missRatio: observation.metrics.latency?.missRatio ?? null,
    };
    return { observation, reward, terminated: false, truncated: this.#steps >= this.#options.episodeSteps, info };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#cluster?.close();
  }

  /** A canary in stages of the window: rolled back at the first stage that is too late, else taken on whole. */
  async #tryOut(cluster: Cluster, proposal: Proposal, trial: Trial, previous: ClusterState): Promise<boolean> {
    const { intervalS, objective } = this.#options;
    const sloMs = objective.slo[0].latencyMs;
    await cluster.apply(proposal.configuration, trial);
    let elapsedShare = 0;
    for (const stage of trial.stages) {
      await cluster.advance((stage.windowShare - elapsedShare) * intervalS);
      elapsedShare = stage.windowShare;
      const latencyMs = (await cluster.observe()).canary?.metrics.latency?.objectiveMs;
      if (latencyMs !== undefined && latencyMs > (stage.abortLatencyRatio ?? Number.POSITIVE_INFINITY) * sloMs) {
        await cluster.apply(previous.configuration);
        await cluster.advance((1 - elapsedShare) * intervalS);
        return true;
      }
    }
    await cluster.apply(proposal.configuration);
    await cluster.advance((1 - elapsedShare) * intervalS);
    return false;
  }
}
