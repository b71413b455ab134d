// Learns the service surface and the scatter of service times from a window's batches.
//
// batches are binned at the nearest knot; bins with at least min(30, 5 %) of the batches update the surface with
//   y = ln mean s at the bin's mean batch size, variance (1.5·cv)²/n + .004²
// calibration: max(1, decayed mean of min(9, squared innovation over its variance)) widens the surface's doubt

import type { WindowMetrics } from "../src/core/index.ts";
import type { ReplayParts } from "./replay-contract.ts";

/** Decay of the calibration, and the innovations its first guess counts for. */
const CALIBRATION_DECAY = 0.97;
const PRIOR_COUNT = 4;

/** A single innovation counts for at most this. */
const LARGEST_INNOVATION = 9;

/** Batches a bin needs to be learnt from: so many, or this share of all. */
const LEAST_BATCHES = 30;
const LEAST_SHARE = 0.05;

/** Scatter of service times taken for the mean's error, and the floor of that error. */
const SCATTER = 0.1;
const SURFACE_NOISE = 0.004;

function nearestKnot(knots: readonly number[], batch: number): number {
  const logBatch = Math.log(batch);
  let best = 0;
  knots.forEach((knot, k) => {
    if (Math.abs(Math.log(knot) - logBatch) < Math.abs(Math.log(knots[best] ?? 1) - logBatch)) best = k;
  });
  return best;
}

/** The learner of one search. */
export class ServiceLearner {
  readonly #parts: Pick<ReplayParts, "machineOf" | "surface" | "replay" | "latency">;
  readonly #learns: boolean;
  #innovations = { sum: PRIOR_COUNT, count: PRIOR_COUNT };

  /** @param learns false leaves the surface as profiled */
  constructor(parts: Pick<ReplayParts, "machineOf" | "surface" | "replay" | "latency">, learns: boolean) {
    this.#parts = parts;
    this.#learns = learns;
  }

  /** Factor of the surface's variance; at least 1. */
  get calibration(): number {
    return Math.max(1, this.#innovations.sum / this.#innovations.count);
  }

  /** Learns from a window of configuration i. */
  learn(i: number, metrics: WindowMetrics): void {
    const { machineOf, surface, replay, latency } = this.#parts;
    const { service } = metrics;
    if (service?.byBatch === undefined || !this.#learns) return;
    if (service.multipliers !== undefined) replay.record(service.multipliers);
    const knots = surface.knots;
    const bins = knots.map(() => ({ batches: 0, sizes: 0, totalMs: 0 }));
    let all = 0;
    for (const { batchSize, meanMs, batches } of service.byBatch) {
      const bin = bins[nearestKnot(knots, batchSize)];
      if (bin === undefined) continue;
      bin.batches += batches;
      bin.sizes += batches * batchSize;
      bin.totalMs += batches * meanMs;
      all += batches;
    }
    let learned = false;
    for (const { batches, sizes, totalMs } of bins) {
      if (batches < Math.min(LEAST_BATCHES, LEAST_SHARE * all) || batches === 0) continue;
      const variance = (1.5 * SCATTER) ** 2 / batches + SURFACE_NOISE ** 2;
      const innovation2 = surface.observe(machineOf[i] ?? 0, sizes / batches, totalMs / batches, variance);
      if (innovation2 === null) continue;
      learned = true;
      this.#innovations.sum = CALIBRATION_DECAY * this.#innovations.sum + Math.min(LARGEST_INNOVATION, innovation2);
      this.#innovations.count = CALIBRATION_DECAY * this.#innovations.count + 1;
    }
    if (learned) latency.refresh();
  }

  save(): { sum: number; count: number } {
    return { ...this.#innovations };
  }

  restore(saved: { readonly sum: number; readonly count: number }): void {
    this.#innovations = { ...saved };
  }
}
