// A sum of clients, each with its own rate over time, burstiness and family of gaps.
//
// Within a window a client is a renewal process in equilibrium with the window's rate and shape; windows are independent.
// Source: Y. Xiang et al., "ServeGen: Workload Characterization and Generation of LLM Serving", arXiv 2505.09999, §6.
// Differs: each window begins in equilibrium instead of with an arrival, so that the rate is exact in every window.

import type { Random } from "../core/index.ts";
import { merge } from "./merge.ts";
import type { GapFamily } from "./renewal.ts";
import { drawGap, drawResidual, unitMean } from "./renewal.ts";
import type { ArrivalSource, Workload } from "./workload.ts";

/** A stretch of time in which a client keeps one rate and one distribution of gaps. */
export interface ClientWindow {
  readonly fromS: number;
  readonly toS: number;
  /** > 0; a time without a window has no arrivals. */
  readonly rateRps: number;
  readonly family: GapFamily;
  readonly shape: number;
}

/** One client: its windows, ascending and apart. */
export interface Client {
  readonly name: string;
  readonly windows: readonly ClientWindow[];
}

class ClientSource implements ArrivalSource {
  readonly #random: Random;
  readonly #windows: readonly ClientWindow[];
  #index = -1;
  #nextS = Infinity;
  #toS = 0;
  #scaleS = 0;
  #shape = 1;
  #family: GapFamily = "gamma";

  constructor(random: Random, windows: readonly ClientWindow[]) {
    this.#random = random;
    this.#windows = windows;
    this.#enterNext();
  }

  #enterNext(): void {
    const window = this.#windows[++this.#index];
    if (window === undefined) {
      this.#nextS = Infinity;
      this.#toS = Infinity;
      return;
    }
    this.#toS = window.toS;
    this.#shape = window.shape;
    this.#family = window.family;
    this.#scaleS = 1 / (window.rateRps * unitMean(window.family, window.shape));
    this.#nextS = window.fromS + this.#scaleS * drawResidual(this.#random, window.family, window.shape);
  }

  fill(times: Float64Array): number {
    let filled = 0;
    while (filled < times.length) {
      if (this.#nextS < this.#toS) {
        times[filled++] = this.#nextS;
        this.#nextS += this.#scaleS * drawGap(this.#random, this.#family, this.#shape);
      } else if (this.#index >= this.#windows.length) {
        break;
      } else {
        this.#enterNext();
      }
    }
    return filled;
  }
}

function windowAt(windows: readonly ClientWindow[], timeS: number): ClientWindow | undefined {
  let low = 0;
  let high = windows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((windows[middle]?.toS ?? Infinity) <= timeS) low = middle + 1;
    else high = middle;
  }
  const window = windows[low];
  return window !== undefined && window.fromS <= timeS ? window : undefined;
}

function single(client: Client, durationS: number): Workload {
  const requests = client.windows.reduce((sum, w) => sum + w.rateRps * (w.toS - w.fromS), 0);
  return {
    name: client.name,
    durationS,
    meanRateRps: requests / durationS,
    excluded: [],
    open: (random) => new ClientSource(random, client.windows),
    rateRps: (timeS) => windowAt(client.windows, timeS)?.rateRps ?? 0,
  };
}

/** All clients together, from time 0 to `durationS`; windows are cut to that stretch and rates multiplied. */
export function clients(list: readonly Client[], durationS: number, scale = 1): Workload {
  const parts = list.map((client) => {
    const windows = client.windows
      .map((w) => ({ ...w, fromS: Math.max(0, w.fromS), toS: Math.min(durationS, w.toS), rateRps: w.rateRps * scale }))
      .filter((w) => w.toS > w.fromS && w.rateRps > 0);
    return single({ name: client.name, windows }, durationS);
  });
  return merge("clients", parts);
}
