// Learns the service surface and the scatter of service times from a window's batches.
//
// batches are binned at the nearest knot; bins with at least min(30, 5 %) of the batches update the surface with
//   y = ln mean s at the bin's mean batch size, variance (1.5·cv)²/n + .004²
// another belief of the machines: the surface starts over from the profiled points and takes the last 256 bins again
// deviation from the profile: mean of y minus the fit's, of windows with one model instance and of those with several
// shift: mean of y minus the surface's where that is known to 2 %, or y is 5 standard deviations off: what a repeat shows
//   beside what was learnt
// calibration: max(1, decayed mean of min(9, squared innovation over its variance)) widens the surface's doubt

import { z } from "zod";
import type { WindowMetrics } from "../src/core/index.ts";
import { AS_CONFIGURED, actualServer, type Physics } from "./physics.ts";
import type { ReplayParts } from "./replay-contract.ts";

/** Decay of the calibration, and the innovations its first guess counts for. */
const CALIBRATION_DECAY = 0.97;
const PRIOR_COUNT = 4;

/** A single innovation counts for at most this. */
const LARGEST_INNOVATION = 9;

/** Batches a bin needs to be learnt from: so many, or this share of all. */
const LEAST_BATCHES = 30;
const LEAST_SHARE = 0.05;

/** Standard deviation below which the surface counts as known, and the deviations beyond which it counts as wrong. */
const KNOWN = 0.02;
const SURPRISING = 5;

/** Scatter of service times taken for the mean's error, and the floor of that error. */
const SCATTER = 0.1;
const SURFACE_NOISE = 0.004;

/** Bins kept to be learnt again. */
const MOST_SEEN = 256;

function nearestKnot(knots: readonly number[], batch: number): number {
  const logBatch = Math.log(batch);
  let best = 0;
  knots.forEach((knot, k) => {
    if (Math.abs(Math.log(knot) - logBatch) < Math.abs(Math.log(knots[best] ?? 1) - logBatch)) best = k;
  });
  return best;
}

/** A bin of batches of similar size. */
interface Bin {
  readonly batch: number;
  readonly logMean: number;
  readonly variance: number;
}

const ratioSchema = z.object({ sum: z.number(), count: z.number() });

/** JSON form of what was learnt beside the surface. */
export const serviceLearnerSchema = z.object({
  innovations: ratioSchema,
  alone: ratioSchema,
  together: ratioSchema,
  /** Configuration, mean batch size, log mean service time and its variance of each bin. */
  seen: z.array(z.tuple([z.number().int(), z.number(), z.number(), z.number()])).default([]),
});

/** Parts of a search that the learner works on. */
export type ServiceParts = Pick<
  ReplayParts,
  "machines" | "machineOf" | "surface" | "replay" | "latency" | "candidates" | "profiledMs"
>;

/** The learner of one search. */
export class ServiceLearner {
  readonly #parts: ServiceParts;
  readonly #learns: boolean;
  #innovations = { sum: PRIOR_COUNT, count: PRIOR_COUNT };
  #alone = { sum: 0, count: 0 };
  #together = { sum: 0, count: 0 };
  #seen: (Bin & { readonly i: number })[] = [];
  #physics: Physics = AS_CONFIGURED;

  /** @param learns false leaves the surface as profiled */
  constructor(parts: ServiceParts, learns: boolean) {
    this.#parts = parts;
    this.#learns = learns;
  }

  /** Factor of the surface's variance; at least 1. */
  get calibration(): number {
    return Math.max(1, this.#innovations.sum / this.#innovations.count);
  }

  /** Mean log ratio of measured to profiled service times, of one model instance alone and of several on one machine. */
  get deviation(): { readonly alone: number; readonly together: number } {
    const mean = ({ sum, count }: { sum: number; count: number }): number => (count === 0 ? 0 : sum / count);
    return { alone: mean(this.#alone), together: mean(this.#together) };
  }

  /** Log ratio of a window's service times to what is known of them; null where they are not known well. */
  shift(i: number, metrics: WindowMetrics): number | null {
    const { machineOf, surface } = this.#parts;
    const machine = machineOf[i] ?? 0;
    const telling = this.#bins(metrics)
      .map(({ batch, logMean, variance }) => ({
        off: logMean - surface.logMean(machine, batch),
        believed: surface.variance(machine, batch),
        variance,
      }))
      .filter(
        ({ off, believed, variance }) =>
          believed < KNOWN ** 2 || off * off > SURPRISING ** 2 * (this.calibration * believed + variance),
      );
    if (telling.length === 0) return null;
    return telling.reduce((total, { off }) => total + off, 0) / telling.length;
  }

  /** Learns from a window of configuration i. */
  learn(i: number, metrics: WindowMetrics): void {
    const { replay, latency } = this.#parts;
    const { service } = metrics;
    if (service?.byBatch === undefined || !this.#learns) return;
    if (service.multipliers !== undefined) replay.record(service.multipliers);
    const bins = this.#bins(metrics).map((bin) => ({ i, ...bin }));
    this.#seen = [...this.#seen, ...bins].slice(-MOST_SEEN);
    const taken = bins.map((bin) => this.#take(bin));
    if (taken.includes(true)) latency.refresh();
  }

  /** Believes the machines to be others than configured: what was seen of them is learnt anew. */
  assume(physics: Physics): void {
    const { machines, surface } = this.#parts;
    this.#physics = physics;
    surface.assume(machines.map((machine) => actualServer(machine, physics)));
    this.#startOver();
    for (const bin of this.#seen) this.#take(bin);
  }

  /** Nothing is suspected: what was learnt so far is what a change is held against. */
  settle(): void {
    this.#parts.surface.settle();
  }

  /** The machines changed: what was learnt of them holds no longer. */
  forget(): void {
    this.#parts.surface.forget();
    this.#seen = [];
    this.#startOver();
  }

  save(): z.output<typeof serviceLearnerSchema> {
    return {
      innovations: { ...this.#innovations },
      alone: { ...this.#alone },
      together: { ...this.#together },
      seen: this.#seen.map(({ i, batch, logMean, variance }) => [i, batch, logMean, variance]),
    };
  }

  /** @param physics the belief under which it was saved; the surface is restored by itself */
  restore(saved: z.infer<typeof serviceLearnerSchema>, physics: Physics): void {
    this.#physics = physics;
    this.#seen = saved.seen.map(([i, batch, logMean, variance]) => ({ i, batch, logMean, variance }));
    this.#innovations = { ...saved.innovations };
    this.#alone = { ...saved.alone };
    this.#together = { ...saved.together };
  }

  #startOver(): void {
    this.#innovations = { sum: PRIOR_COUNT, count: PRIOR_COUNT };
    this.#alone = { sum: 0, count: 0 };
    this.#together = { sum: 0, count: 0 };
  }

  /** Learns from one bin. @returns whether it moved the surface */
  #take({ i, batch, logMean, variance }: Bin & { readonly i: number }): boolean {
    const { machineOf, surface } = this.#parts;
    this.#compare(i, batch, logMean);
    const innovation2 = surface.observe(machineOf[i] ?? 0, batch, Math.exp(logMean), variance);
    if (innovation2 === null) return false;
    this.#innovations.sum = CALIBRATION_DECAY * this.#innovations.sum + Math.min(LARGEST_INNOVATION, innovation2);
    this.#innovations.count = CALIBRATION_DECAY * this.#innovations.count + 1;
    return true;
  }

  #compare(i: number, batch: number, logMean: number): void {
    const { candidates, profiledMs } = this.#parts;
    const configured = candidates.servers[i];
    if (configured === undefined) return;
    const server = actualServer(configured, this.#physics);
    const into = server.occupancy > 0 && server.instances > 1 ? this.#together : this.#alone;
    into.sum += logMean - Math.log(profiledMs(server, batch));
    into.count++;
  }

  /** Batches by the nearest knot, those bins left out that hold too few. */
  #bins(metrics: WindowMetrics): Bin[] {
    const { knots } = this.#parts.surface;
    const bins = knots.map(() => ({ batches: 0, sizes: 0, totalMs: 0 }));
    let all = 0;
    for (const { batchSize, meanMs, batches } of metrics.service?.byBatch ?? []) {
      const bin = bins[nearestKnot(knots, batchSize)];
      if (bin === undefined) continue;
      bin.batches += batches;
      bin.sizes += batches * batchSize;
      bin.totalMs += batches * meanMs;
      all += batches;
    }
    return bins
      .filter(({ batches }) => batches > 0 && batches >= Math.min(LEAST_BATCHES, LEAST_SHARE * all))
      .map(({ batches, sizes, totalMs }) => ({
        batch: sizes / batches,
        logMean: Math.log(totalMs / batches),
        variance: (1.5 * SCATTER) ** 2 / batches + SURFACE_NOISE ** 2,
      }));
  }
}
