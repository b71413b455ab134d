// What the cluster costs: machines by the second with a minimum, functions by the call, by source and window.

import type { BillingRule, FunctionType } from "../core/index.ts";
import type { WindowMeter } from "./window-meter.ts";

/** Where money goes. */
export const ON_DEMAND = 0;
export const SPOT = 1;
export const FUNCTIONS = 2;

const HOUR_S = 3600;

/** What a machine is billed beyond the time it ran, when it ends. In seconds. */
export function roundingS(rule: BillingRule, elapsedS: number): number {
  const { incrementS, minimumS } = rule;
  const rounded = incrementS > 0 ? Math.ceil(elapsedS / incrementS - 1e-9) * incrementS : elapsedS;
  return Math.max(0, Math.max(minimumS, rounded) - elapsedS);
}

/** Price of one function call. */
export function callUsd(type: FunctionType, memoryMb: number, billedS: number): number {
  const increments = Math.ceil((billedS * 1000) / type.billingIncrementMs - 1e-9);
  const seconds = (increments * type.billingIncrementMs) / 1000;
  return seconds * (memoryMb / 1024) * type.usdPerGbS + type.usdPerRequest;
}

/** Accrues cost over time at rates that change seldom; totals count only while scoring is on. */
export class Billing {
  /** By source: on demand, spot, functions. */
  readonly usd = new Float64Array(3);
  /** By hour of the simulation, all sources; shape [hours so far]. */
  readonly usdByHour: number[] = [];
  /** Machine-seconds by pool. */
  readonly machineS: Float64Array;
  scoring = false;
  readonly #windows: readonly WindowMeter[];
  /** USD per second, shape [lanes, 3]. */
  readonly #rates: Float64Array;
  readonly #machines: Float64Array;
  #lastS = 0;

  /** @param windows that of the whole cluster, then that of the canary */
  constructor(pools: number, windows: readonly WindowMeter[]) {
    this.machineS = new Float64Array(pools);
    this.#machines = new Float64Array(pools);
    this.#windows = windows;
    this.#rates = new Float64Array(windows.length * 3);
  }

  /** USD per hour of everything rented now. */
  get usdPerHour(): number {
    return this.#rates.reduce((sum, rate) => sum + rate, 0) * 3600;
  }

  /** Brings the accounts up to a moment. */
  accrue(timeS: number): void {
    const elapsedS = timeS - this.#lastS;
    this.#lastS = timeS;
    if (elapsedS <= 0) return;
    const fromS = timeS - elapsedS;
    for (let lane = 0; lane < this.#windows.length; lane++) {
      for (let source = 0; source < 3; source++) {
        const rate = this.#rates[lane * 3 + source] ?? 0;
        if (rate <= 0) continue;
        for (let atS = fromS, untilS = 0; atS < timeS; atS = untilS) {
          untilS = Math.min(timeS, (Math.floor(atS / HOUR_S) + 1) * HOUR_S);
          this.#book(lane, source, rate * (untilS - atS), atS);
        }
      }
    }
    if (!this.scoring) return;
    for (let pool = 0; pool < this.machineS.length; pool++) {
      this.machineS[pool] = (this.machineS[pool] ?? 0) + (this.#machines[pool] ?? 0) * elapsedS;
    }
  }

  /** Starts (machines > 0) or stops (machines < 0) paying for machines of a pool. */
  rent(timeS: number, lane: number, source: number, pool: number, machines: number, usdPerS: number): void {
    this.accrue(timeS);
    const at = lane * 3 + source;
    const rate = (this.#rates[at] ?? 0) + machines * usdPerS;
    this.#rates[at] = Math.abs(rate) < 1e-15 ? 0 : rate;
    this.#machines[pool] = (this.#machines[pool] ?? 0) + machines;
  }

  /** A single payment. */
  charge(lane: number, source: number, usd: number, timeS: number): void {
    this.#book(lane, source, usd, timeS);
  }

  #book(lane: number, source: number, usd: number, timeS: number): void {
    const whole = this.#windows[0];
    if (whole !== undefined) whole.costUsd += usd;
    if (lane > 0) {
      const own = this.#windows[lane];
      if (own !== undefined) own.costUsd += usd;
    }
    if (!this.scoring) return;
    this.usd[source] = (this.usd[source] ?? 0) + usd;
    const hour = Math.floor(timeS / HOUR_S);
    while (this.usdByHour.length <= hour) this.usdByHour.push(0);
    this.usdByHour[hour] = (this.usdByHour[hour] ?? 0) + usd;
  }
}
