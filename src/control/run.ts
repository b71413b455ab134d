// Running a control loop: a pass, then the interval, at the pace asked for, until told to stop.

import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterAdapter } from "../core/index.ts";
import type { ControlLoop } from "./loop.ts";

/** Wall-clock time simulated at a stretch: what else the process does waits no longer than this takes to compute. */
const SLICE_MS = 50;

/** Cluster time simulated at a stretch at most, so that a high speed does not make the slices long. */
const LARGEST_SLICE_S = 10;

/** Wait after a pass that could not be recorded. */
const RETRY_MS = 1000;

/** How a loop is run. */
export interface RunOptions {
  /** Simulated seconds a second; null where the adapter's own `advance` sleeps, until the signal at the longest. */
  readonly speed: number | null;
  /** Ends the run after the pass or the stretch of time under way. */
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}

/** Lets a simulated cluster's time pass at a pace, in slices. */
class Pace {
  readonly #adapter: ClusterAdapter;
  readonly #speed: number;
  readonly #signal: AbortSignal;
  #dueMs = performance.now();

  constructor(adapter: ClusterAdapter, speed: number, signal: AbortSignal) {
    this.#adapter = adapter;
    this.#speed = speed;
    this.#signal = signal;
  }

  async advance(seconds: number): Promise<void> {
    const sliceS = Math.min(LARGEST_SLICE_S, (this.#speed * SLICE_MS) / 1000);
    for (let left = seconds; left > 1e-9 && !this.#signal.aborted; left -= sliceS) {
      const stepS = Math.min(sliceS, left);
      await this.#adapter.advance(stepS);
      this.#dueMs += (stepS / this.#speed) * 1000;
      await this.#wait();
    }
  }

  /** Waits until the wall clock has caught up; where the simulation is the slower one, it is not made up for. */
  async #wait(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs > this.#dueMs) this.#dueMs = nowMs;
    await sleep(this.#dueMs - nowMs, undefined, { signal: this.#signal }).catch(() => undefined);
  }
}

/** Runs passes until the signal. Resolves when the last one is over; errors go to `onError`, and the loop goes on. */
export async function runLoop(loop: ControlLoop, adapter: ClusterAdapter, options: RunOptions): Promise<void> {
  const { speed, signal, onError } = options;
  const pace = speed === null ? null : new Pace(adapter, speed, signal);
  const advance = (seconds: number): Promise<void> => (pace ?? adapter).advance(seconds);
  while (!signal.aborted) {
    try {
      await loop.rest(advance, signal);
      if (!signal.aborted) await loop.pass();
    } catch (error) {
      onError(error);
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
