// A workload without end, from any moment on: what an embedded cluster sees after a restart.
//
// Lap n of the workload, [n·D, (n+1)·D), is drawn from its own stream of chance, so the arrivals at a moment are the same
// whenever the cluster was started. Getting to a moment inside a lap means drawing the lap up to there.

import type { Random } from "../core/index.ts";
import type { ArrivalSource, Workload } from "../workload/index.ts";

class ContinuingSource implements ArrivalSource {
  readonly #workload: Workload;
  readonly #random: Random;
  readonly #startS: number;
  readonly #block = new Float64Array(4096);
  #lap: number;
  #source: ArrivalSource;
  #filled = 0;
  #at = 0;

  constructor(workload: Workload, random: Random, startS: number) {
    this.#workload = workload;
    this.#random = random;
    this.#startS = startS;
    this.#lap = Math.floor(startS / workload.durationS);
    this.#source = workload.open(random.split(`lap-${this.#lap}`));
  }

  fill(times: Float64Array): number {
    let written = 0;
    // A lap without any arrival must not be waited for twice in a row: the workload is then empty.
    let emptyLaps = 0;
    while (written < times.length && emptyLaps < 2) {
      if (this.#at === this.#filled) {
        this.#filled = this.#source.fill(this.#block);
        this.#at = 0;
        if (this.#filled === 0) {
          this.#lap += 1;
          emptyLaps += 1;
          this.#source = this.#workload.open(this.#random.split(`lap-${this.#lap}`));
          continue;
        }
        emptyLaps = 0;
      }
      const shiftS = this.#lap * this.#workload.durationS - this.#startS;
      while (this.#at < this.#filled && written < times.length) {
        const timeS = (this.#block[this.#at++] ?? 0) + shiftS;
        if (timeS >= 0) times[written++] = timeS;
      }
    }
    return written;
  }
}

/** The workload repeated for ever, its time 0 being `startS` of the original. Missing data is a stretch without arrivals. */
export function continuingWorkload(workload: Workload, startS: number): Workload {
  const { durationS } = workload;
  return {
    name: workload.name,
    durationS: Number.POSITIVE_INFINITY,
    meanRateRps: workload.meanRateRps,
    excluded: [],
    open: (random) => new ContinuingSource(workload, random, startS),
    rateRps: (timeS) => (timeS < 0 ? 0 : workload.rateRps((startS + timeS) % durationS)),
  };
}
