// What the clusters save: the recorded load under the rule that would act without the learner, replayed in a worker.

import {
  type Counterfactual,
  type CounterfactualHost,
  LEAST_WINDOWS,
  type RecordedWindow,
  unbroken,
} from "../training/index.ts";
import type { TimelineRow, Timelines } from "./cluster-timeline.ts";
import type { AttachedCluster } from "./clusters.ts";

/** The latest stretch of cluster time that is replayed. */
const SPAN_S = 86_400;

/** A result is computed anew once the cluster is this share of its span further on. */
const STALE_SHARE = 0.25;

/** And after a pause of this many times what the last one took: a sixth of a core at most. */
const PAUSE_RATIO = 5;

/** Savings of a cluster as far as they are known. */
export interface Savings {
  readonly status: "waiting" | "computing" | "ready" | "failed";
  /** What it waits for, or why it failed. */
  readonly reason: string | null;
  /** The latest that was computed, however old. */
  readonly result: Counterfactual | null;
  readonly computedAt: string | null;
}

interface Known {
  result: Counterfactual | null;
  computedAt: string | null;
  dueMs: number;
  running: boolean;
  error: string | null;
}

function recorded(rows: readonly TimelineRow[], intervalS: number): readonly RecordedWindow[] {
  const lastS = rows.at(-1)?.timeS ?? 0;
  const windows = rows.flatMap(({ timeS, window, target }) => {
    if (window === null || target === null || timeS < lastS - SPAN_S) return [];
    const { requests, rateRps, costUsd } = window;
    return [{ timeS, requests, rateRps, costUsd, configuration: target }];
  });
  return unbroken(windows, intervalS);
}

/** Computes savings when they are asked for, one cluster at a time. */
export class SavingsBook {
  readonly #timelines: Timelines;
  readonly #host: CounterfactualHost;
  readonly #dataFolder: string | null;
  readonly #nowMs: () => number;
  readonly #known = new WeakMap<AttachedCluster["loop"], Known>();

  constructor(timelines: Timelines, host: CounterfactualHost, dataFolder: string | null, nowMs: () => number) {
    this.#timelines = timelines;
    this.#host = host;
    this.#dataFolder = dataFolder;
    this.#nowMs = nowMs;
  }

  /** What is known now; starts to compute it anew where that is due. */
  async of(cluster: AttachedCluster): Promise<Savings> {
    const { rows } = await this.#timelines.of(cluster);
    const known = this.#entry(cluster);
    const { intervalS } = cluster.task;
    const windows = known.running ? [] : recorded(rows, intervalS);
    const { scenario } = cluster.entry;
    if (scenario === null) {
      const reason = "the load of a real cluster cannot be simulated";
      return { status: "waiting", reason, result: null, computedAt: null };
    }
    if (!known.running && this.#due(known, windows)) this.#start(cluster, scenario, known, windows);
    const { result, computedAt, running, error } = known;
    if (running) return { status: "computing", reason: null, result, computedAt };
    if (error !== null) return { status: "failed", reason: error, result, computedAt };
    if (result !== null) return { status: "ready", reason: null, result, computedAt };
    const reason = `${windows.length} of ${LEAST_WINDOWS} windows in a row have been measured`;
    return { status: "waiting", reason, result, computedAt };
  }

  close(): Promise<void> {
    return this.#host.close();
  }

  #entry({ loop }: AttachedCluster): Known {
    const fresh = { result: null, computedAt: null, dueMs: Number.NEGATIVE_INFINITY, running: false, error: null };
    const known = this.#known.get(loop) ?? fresh;
    this.#known.set(loop, known);
    return known;
  }

  #due({ result, dueMs }: Known, windows: readonly RecordedWindow[]): boolean {
    if (windows.length < LEAST_WINDOWS || this.#nowMs() < dueMs) return false;
    if (result === null) return true;
    const spanS = result.toS - result.fromS;
    return (windows.at(-1)?.timeS ?? 0) - result.toS >= STALE_SHARE * spanS;
  }

  #start({ entry }: AttachedCluster, scenario: string, known: Known, windows: readonly RecordedWindow[]): void {
    known.running = true;
    const startedMs = this.#nowMs();
    const settled = (): Pick<Known, "running" | "dueMs"> => {
      const endedMs = this.#nowMs();
      return { running: false, dueMs: endedMs + PAUSE_RATIO * (endedMs - startedMs) };
    };
    const { optimizer } = entry;
    this.#host.compute({ scenario, dataFolder: this.#dataFolder, rule: optimizer, windows }).then(
      (result) => {
        const computedAt = new Date(this.#nowMs()).toISOString();
        Object.assign(known, settled(), { error: null, result, computedAt });
      },
      (error: unknown) => {
        Object.assign(known, settled(), { error: error instanceof Error ? error.message : String(error) });
      },
    );
  }
}
