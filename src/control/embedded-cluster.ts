// The embedded simulated cluster of a service: it has no end, and goes on from where it was stopped.
//
// What survives a stop is its clock and the configuration sent last. Machines of that configuration are there at once,
// queues are empty, and the arrivals go on as if there had been no stop.

import { type OpenScenario, simulatedCluster } from "../../environments/index.ts";
import type { ClusterAdapter, ClusterState, Configuration, Knob, Random, Trial } from "../core/index.ts";
import { continuingWorkload } from "./continuing-workload.ts";

/** Where an embedded cluster starts. */
export interface EmbeddedStart {
  /** Cluster time, in seconds since the workload's start. */
  readonly timeS: number;
  /** Null for the scenario's initial configuration. */
  readonly configuration: Configuration | null;
}

class EmbeddedCluster implements ClusterAdapter {
  readonly knobs: readonly Knob[];
  readonly #inner: ClusterAdapter;
  readonly #startS: number;

  constructor(inner: ClusterAdapter, startS: number) {
    this.knobs = inner.knobs;
    this.#inner = inner;
    this.#startS = startS;
  }

  async observe(): Promise<ClusterState> {
    const state = await this.#inner.observe();
    const history = state.history.map((window) => ({ ...window, timeS: window.timeS + this.#startS }));
    return { ...state, timeS: state.timeS + this.#startS, history };
  }

  apply(configuration: Configuration, trial?: Trial): Promise<void> {
    return this.#inner.apply(configuration, trial);
  }

  advance(seconds: number): Promise<void> {
    return this.#inner.advance(seconds);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

/** The simulated cluster of a scenario, from a moment on and without end. */
export function embeddedCluster(open: OpenScenario, random: Random, start: EmbeddedStart): ClusterAdapter {
  const workload = continuingWorkload(open.plan.workload, start.timeS);
  const initial = start.configuration ?? open.initial;
  const inner = simulatedCluster(open, random, { workload, initial, scoreFromS: 0 });
  return new EmbeddedCluster(inner, start.timeS);
}
