// The latency of one request: its share of the batch's delay, the batch's wait, service, or a function instead.
//
// F(x) and its legend stand in closed-form.ts; the wait is taken at WAIT_POINTS equally likely values.

import type { Load } from "../core/index.ts";
import { type BatchFormation, batchFormation, FILL_STEPS } from "./batch-formation.ts";
import type { Waiting } from "./waiting.ts";

/** Values that stand for the wait of those who wait. */
const WAIT_POINTS = 10;
/** Of those who wait, what counts as the longest wait. */
const LATEST_SHARE = 1 - 1e-6;
/** Percentiles are found to this share of the longest latency. */
const PRECISION = 1e-5;

/** A share of calls that take longer. */
interface Late {
  readonly share: number;
  readonly extraS: number;
}

/** What a request may go through. */
export interface MixtureInput {
  readonly formation: BatchFormation;
  readonly maxBatch: number;
  readonly delayS: number;
  /** Null where no batch waits for a server. */
  readonly wait: Waiting | null;
  readonly serviceS: (batch: number) => number;
  /** Share of requests served by a function at once. */
  readonly offloaded: number;
  readonly functionS: number;
  /** Of the offloaded. */
  readonly late: Late;
  /** Of all the others, where they are function calls too. */
  readonly everyLate?: Late;
}

/** A distribution of latency, in s. */
export interface LatencyDistribution {
  readonly meanS: number;
  /** P(latency <= x). */
  cumulative(latencyS: number): number;
  /** Smallest x with cumulative(x) >= share. */
  quantileS(share: number): number;
}

interface WaitPoint {
  readonly weight: number;
  readonly waitS: number;
}

function waitPoints(wait: Waiting | null): readonly WaitPoint[] {
  if (wait === null || wait.waits < 1e-9) return [{ weight: 1, waitS: 0 }];
  const points: WaitPoint[] = [{ weight: 1 - wait.waits, waitS: 0 }];
  // Finer towards the tail, which the percentiles are made of: shares 1 - u² of those who wait.
  let from = 1;
  for (let i = 1; i <= WAIT_POINTS; i++) {
    const to = (1 - i / WAIT_POINTS) ** 2;
    points.push({ weight: wait.waits * (from - to), waitS: wait.quantileS(1 - (from + to) / 2) });
    from = to;
  }
  return points;
}

/** P(full by t | full by T), by a table that is linear in between. */
function fillShare(formation: BatchFormation, delayS: number, fullShare: number): (timeS: number) => number {
  if (!(fullShare > 1e-9) || delayS === 0) return (timeS) => (timeS >= 0 ? 1 : 0);
  const table = formation.fullBy();
  const whole = table[FILL_STEPS] ?? 1;
  return (timeS) => {
    if (timeS <= 0) return 0;
    if (timeS >= delayS) return 1;
    const at = (timeS / delayS) * FILL_STEPS;
    const i = Math.floor(at);
    const low = table[i] ?? 0;
    return (low + ((table[i + 1] ?? whole) - low) * (at - i)) / whole;
  };
}

class Mixture implements LatencyDistribution {
  readonly #input: MixtureInput;
  readonly #waits: readonly WaitPoint[];
  /** Of requests, by the size of their batch. */
  readonly #shares: Float64Array;
  readonly #services: Float64Array;
  readonly #fill: (timeS: number) => number;
  readonly #longestS: number;
  readonly meanS: number;

  constructor(input: MixtureInput) {
    const { formation, maxBatch, delayS, wait, offloaded } = input;
    this.#input = input;
    this.#waits = maxBatch === 1 ? [] : waitPoints(wait);
    this.#shares = formation.sizes.map((probability, k) => (probability * k) / formation.meanSize);
    this.#services = Float64Array.from(formation.sizes, (_, k) => (k === 0 ? 0 : input.serviceS(k)));
    this.#fill = fillShare(formation, delayS, this.#shares[maxBatch] ?? 0);
    const latest = wait === null || wait.waits < 1e-9 ? 0 : wait.quantileS(LATEST_SHARE);
    const extra = Math.max(input.late.extraS, input.everyLate?.extraS ?? 0);
    const slowest = this.#services.reduce(
      (most, s, k) => ((this.#shares[k] ?? 0) > 1e-9 ? Math.max(most, s) : most),
      0,
    );
    this.#longestS = delayS + latest + Math.max(slowest, input.functionS) + extra + 1e-9;
    const fullMeanS = this.#meanFillS();
    let meanS = 0;
    this.#shares.forEach((share, k) => {
      if (share <= 0) return;
      const s = this.#services[k] ?? 0;
      if (k === maxBatch) meanS += share * (s + fullMeanS / 2 + (wait?.meanS ?? 0));
      else meanS += share * (s + ((delayS + (wait?.meanS ?? 0)) * (1 + (k - 1) / 2)) / k);
    });
    meanS += (input.everyLate?.share ?? 0) * (input.everyLate?.extraS ?? 0);
    this.meanS = (1 - offloaded) * meanS + offloaded * (input.functionS + input.late.share * input.late.extraS);
  }

  /** Mean time a full batch took to fill. */
  #meanFillS(): number {
    const { maxBatch, delayS } = this.#input;
    if (maxBatch === 1 || delayS === 0) return 0;
    let sum = 0;
    for (let i = 0; i < FILL_STEPS; i++) sum += 1 - this.#fill((delayS * (i + 0.5)) / FILL_STEPS);
    return (sum * delayS) / FILL_STEPS;
  }

  #served(x: number): number {
    const { maxBatch, delayS, wait } = this.#input;
    if (maxBatch === 1) {
      const y = x - (this.#services[1] ?? 0);
      return wait === null ? (y >= 0 ? 1 : 0) : wait.cumulative(y);
    }
    let total = 0;
    for (const { weight, waitS } of this.#waits) {
      if (weight <= 0) continue;
      const held = delayS + waitS;
      let sum = 0;
      for (let k = 1; k < maxBatch; k++) {
        const share = this.#shares[k] ?? 0;
        if (share < 1e-12) continue;
        const y = x - (this.#services[k] ?? 0);
        if (y < 0) continue;
        sum += y >= held ? share : (share * (k - 1) * y) / (k * held);
      }
      const y = x - waitS - (this.#services[maxBatch] ?? 0);
      const share = this.#shares[maxBatch] ?? 0;
      if (y >= 0 && share > 0) {
        let filled = 1;
        for (let j = 1; j < maxBatch; j++) filled += this.#fill((y * (maxBatch - 1)) / (maxBatch - j));
        sum += (share * filled) / maxBatch;
      }
      total += weight * sum;
    }
    return total;
  }

  cumulative(x: number): number {
    const { offloaded, functionS, late, everyLate } = this.#input;
    let served = this.#served(x);
    if (everyLate !== undefined && everyLate.share > 0) {
      served = (1 - everyLate.share) * served + everyLate.share * this.#served(x - everyLate.extraS);
    }
    if (offloaded === 0) return Math.min(1, served);
    const called = x < functionS ? 0 : x < functionS + late.extraS ? 1 - late.share : 1;
    return Math.min(1, (1 - offloaded) * served + offloaded * called);
  }

  quantileS(share: number): number {
    let low = 0;
    let high = this.#longestS;
    while (high - low > PRECISION * this.#longestS) {
      const middle = (low + high) / 2;
      if (this.cumulative(middle) >= share) high = middle;
      else low = middle;
    }
    return high;
  }
}

/** Latency behind a size-or-delay buffer where no batch waits for a server, as with functions. @param serviceS by size */
export function bufferLatency(
  load: Load,
  maxBatch: number,
  delayS: number,
  serviceS: (batch: number) => number,
): LatencyDistribution {
  const formation = batchFormation(load, maxBatch, delayS);
  const none = { share: 0, extraS: 0 };
  return latencyMixture({ formation, maxBatch, delayS, wait: null, serviceS, offloaded: 0, functionS: 0, late: none });
}

/** The distribution of latency over all requests. */
export function latencyMixture(input: MixtureInput): LatencyDistribution {
  return new Mixture(input);
}
