// The course of a run in a bounded number of bins, so that a chart of it stays small however long it ran.

import type { ClusterState } from "../core/index.ts";
import type { TimeSpan } from "../workload/index.ts";

/** Bins of a timeline at most. */
export const TIMELINE_BINS = 720;

/** What went on in one bin: means over time, latency and misses at their worst. */
export interface TimelineBin {
  /** At the bin's end. */
  readonly timeS: number;
  readonly rateRps: number;
  readonly costUsdPerHour: number;
  /** Worst window of the bin; null where nothing was served. */
  readonly objectiveMs: number | null;
  readonly offloadedShare: number;
  /** Machines ready or launching, by type. */
  readonly machines: Readonly<Record<string, number>>;
}

interface Open {
  fromS: number;
  seconds: number;
  rate: number;
  cost: number;
  offloaded: number;
  objectiveMs: number | null;
  machines: Record<string, number>;
}

function opened(fromS: number): Open {
  return { fromS, seconds: 0, rate: 0, cost: 0, offloaded: 0, objectiveMs: null, machines: {} };
}

/** Gathers windows into bins as they come. */
export class RunTimeline {
  readonly #fromS: number;
  readonly #shiftS: number;
  readonly #binS: number;
  readonly #bins: TimelineBin[] = [];
  #open: Open | null = null;

  /** @param span of the run's clock that is to fit; what comes before it is left out @param shiftS added to its times */
  constructor(span: TimeSpan, shiftS: number) {
    this.#fromS = span.fromS;
    this.#shiftS = shiftS;
    this.#binS = (span.toS - span.fromS) / TIMELINE_BINS;
  }

  /** Takes in the window an observation ends. */
  add({ timeS, metrics, fleet }: ClusterState): void {
    const { durationS } = metrics;
    if (timeS <= this.#fromS) return;
    const open = this.#open ?? opened(timeS - durationS);
    this.#open = open;
    open.seconds += durationS;
    open.rate += durationS * metrics.arrivals.rateRps;
    open.cost += durationS * metrics.costUsdPerHour;
    open.offloaded += durationS * metrics.offloadedShare;
    if (metrics.latency !== null) open.objectiveMs = Math.max(open.objectiveMs ?? 0, metrics.latency.objectiveMs);
    for (const [type, count] of Object.entries(fleet)) {
      open.machines[type] = (open.machines[type] ?? 0) + durationS * (count.ready + count.launching);
    }
    if (timeS - open.fromS >= this.#binS) this.#close(timeS, open);
  }

  /** The bins so far, oldest first; a last one that is not full is left out. */
  get bins(): readonly TimelineBin[] {
    return this.#bins;
  }

  #close(timeS: number, open: Open): void {
    const mean = (sum: number): number => (open.seconds === 0 ? 0 : sum / open.seconds);
    this.#bins.push({
      timeS: timeS + this.#shiftS,
      rateRps: mean(open.rate),
      costUsdPerHour: mean(open.cost),
      objectiveMs: open.objectiveMs,
      offloadedShare: mean(open.offloaded),
      machines: Object.fromEntries(Object.entries(open.machines).map(([type, sum]) => [type, mean(sum)])),
    });
    this.#open = null;
  }
}
