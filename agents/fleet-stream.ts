// The load's features as a fleet follows them: window by window, or from an observation's history alone.

import type { ClusterState } from "../src/core/index.ts";
import { FeatureStream, RateMemory, SLOT_S } from "../src/switching/index.ts";

/** Pushes the last slots of a memory. */
export function pushSlots(memory: RateMemory, count: number, stream: FeatureStream): void {
  const fresh = memory.recorded(count);
  for (let slot = 0; slot < fresh.slots; slot++) {
    let sum = 0;
    for (let at = slot * SLOT_S; at < (slot + 1) * SLOT_S; at++) sum += fresh.counts[at] ?? 0;
    stream.push(sum / SLOT_S);
  }
}

/** The features an observation alone gives: its history, the latest window as finely as it is told. */
export function streamOf({ history, metrics }: ClusterState): FeatureStream {
  const stream = new FeatureStream();
  for (const window of history.slice(0, -1)) {
    for (let s = 0; s < Math.max(1, Math.round(window.durationS / SLOT_S)); s++) stream.push(window.arrivalRateRps);
  }
  const latest = new RateMemory(1);
  const { rateRps, recentRatesRps } = metrics.arrivals;
  latest.add({ timeS: 0, durationS: Math.max(SLOT_S, metrics.durationS), rateRps, recentRatesRps });
  pushSlots(latest, latest.slots, stream);
  return stream;
}
