// What other controllers should run of a cluster now: the recommendation while it is fresh, then the last good one, then
// what runs. A cluster nobody sees is never told to run nothing.

import type { LoopEvent } from "../control/index.ts";
import { type Configuration, type KnobValue, UnknownNameError } from "../core/index.ts";
import { countTargets } from "../export/index.ts";
import type { AttachedCluster, Clusters } from "./clusters.ts";

/** A count of machines for another controller. */
export interface Desired {
  readonly desiredReplicas: number;
  readonly currentReplicas: number;
  /** Whether the cluster could not be seen, or its loop has stood still, since the value was decided. */
  readonly stale: boolean;
  readonly source: "recommendation" | "last-good" | "current";
  /** Since the last pass that saw the cluster; null before the first. */
  readonly ageS: number | null;
  readonly decisionId: string | null;
  readonly reason: string;
}

/** The value counts as stale when no pass has been good for so many of the cluster's intervals. */
const FRESH_INTERVALS = 3;

/** Longest a last good value is held where nothing else is asked for. */
export const MAX_STALENESS_S = 300;

interface GoodPass {
  readonly atMs: number;
  readonly target: Configuration;
  readonly decision: string;
  readonly reason: string;
}

function countIn(configuration: Configuration | null, knob: string): number | null {
  const value: KnobValue | undefined = configuration?.[knob];
  return typeof value === "number" ? value : null;
}

/** Follows the loops of the clusters and tells what each should run. */
export class DesiredState {
  readonly #clusters: Clusters;
  readonly #nowMs: () => number;
  readonly #good = new Map<string, GoodPass>();
  readonly #failing = new Set<string>();
  readonly #listeners = new Set<() => void>();

  constructor(clusters: Clusters, nowMs: () => number) {
    this.#clusters = clusters;
    this.#nowMs = nowMs;
  }

  /** Takes in what happened in a cluster's loop. */
  note(cluster: string, event: LoopEvent): void {
    if (event.type !== "pass") return;
    const { record } = event;
    const { loop } = this.#clusters.get(cluster);
    const target = loop.recommendation()?.target ?? record.applied;
    if (record.outcome === "failed" || target === null) this.#failing.add(cluster);
    else {
      this.#failing.delete(cluster);
      this.#good.set(cluster, { atMs: this.#nowMs(), target, decision: record.id, reason: record.reason });
    }
    for (const listener of this.#listeners) listener();
  }

  /** Calls a listener after every pass of any cluster. @returns a function that ends it */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * The count a deployment of a cluster should run.
   * @param deployment a knob that counts machines, or what it is called as a Kubernetes name
   * @throws {UnknownNameError} when there is no such cluster or deployment
   */
  of(name: string, deployment: string, maxStalenessS = MAX_STALENESS_S): Desired {
    const cluster = this.#clusters.get(name);
    const knob = this.#knobOf(cluster, deployment);
    const { running, inFlight, configuration } = cluster.loop.status();
    const { initial, intervalS } = cluster.task;
    const current = countIn(running ?? inFlight ?? configuration ?? initial, knob) ?? countIn(initial, knob) ?? 1;
    const good = this.#good.get(name);
    if (good === undefined) {
      const reason = "no pass has seen the cluster yet: what runs goes on running";
      return {
        desiredReplicas: current,
        currentReplicas: current,
        stale: true,
        source: "current",
        ageS: null,
        decisionId: null,
        reason,
      };
    }
    const ageS = (this.#nowMs() - good.atMs) / 1000;
    const stale = this.#failing.has(name) || ageS > FRESH_INTERVALS * intervalS || ageS > maxStalenessS;
    const base = { currentReplicas: current, stale, ageS, decisionId: good.decision };
    if (ageS > maxStalenessS) {
      const reason = `the last good pass is ${Math.round(ageS)} s old, more than ${maxStalenessS} s: what runs goes on running`;
      return { ...base, desiredReplicas: current, source: "current", reason };
    }
    const held = countIn(good.target, knob) ?? current;
    if (!stale) return { ...base, desiredReplicas: held, source: "recommendation", reason: good.reason };
    const reason = `held from ${Math.round(ageS)} s ago, the cluster has not been seen since: ${good.reason}`;
    return { ...base, desiredReplicas: held, source: "last-good", reason };
  }

  #knobOf({ task }: AttachedCluster, deployment: string): string {
    const counts = countTargets(task.lattice.knobs, task.initial);
    const found = counts.find(({ knob, target }) => knob.name === deployment || target === deployment);
    if (found !== undefined) return found.knob.name;
    throw new UnknownNameError(
      "deployment",
      deployment,
      counts.map(({ target }) => target),
    );
  }
}
