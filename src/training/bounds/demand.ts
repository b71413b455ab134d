// Counts of a workload's scored arrivals in equal slots: what a clairvoyant knows.

import type { Random } from "../../core/index.ts";
import type { TimeSpan, Workload } from "../../workload/index.ts";
import type { SlotDemand } from "./fleet-plan.ts";

function isExcluded(spans: readonly TimeSpan[], fromS: number, toS: number): boolean {
  return spans.some((span) => span.fromS < toS && span.toS > fromS);
}

const BLOCK = 65_536;

/**
 * Counts per slot of the very arrivals a simulation with the same `random` sees, from `fromS` to the end.
 * Slots that touch missing data are left out, and with them the requests in them.
 */
export function countArrivals(workload: Workload, random: Random, fromS: number, slotS: number): SlotDemand {
  const slots = Math.max(0, Math.floor((workload.durationS - fromS) / slotS));
  const counts = new Float64Array(slots);
  const source = workload.open(random);
  const times = new Float64Array(BLOCK);
  for (let n = source.fill(times); n > 0; n = source.fill(times)) {
    for (let i = 0; i < n; i++) {
      const slot = Math.floor(((times[i] ?? 0) - fromS) / slotS);
      if (slot >= 0 && slot < slots) counts[slot] = (counts[slot] ?? 0) + 1;
    }
  }
  const starts = Array.from({ length: slots }, (_, slot) => fromS + slot * slotS);
  const kept = starts.flatMap((startS, slot) => (isExcluded(workload.excluded, startS, startS + slotS) ? [] : [slot]));
  return {
    slotS,
    counts: Float64Array.from(kept, (slot) => counts[slot] ?? 0),
    startS: Float64Array.from(kept, (slot) => starts[slot] ?? 0),
  };
}

/** The same demand in slots `factor` times as long; a remainder at the end is left out. */
export function coarser(demand: SlotDemand, factor: number): SlotDemand {
  const counts: number[] = [];
  const startS: number[] = [];
  let slot = 0;
  while (slot + factor <= demand.counts.length) {
    const first = demand.startS[slot] ?? 0;
    const contiguous = (demand.startS[slot + factor - 1] ?? 0) - first < (factor - 0.5) * demand.slotS;
    if (!contiguous) {
      slot += 1;
      continue;
    }
    let sum = 0;
    for (let i = 0; i < factor; i++) sum += demand.counts[slot + i] ?? 0;
    counts.push(sum);
    startS.push(first);
    slot += factor;
  }
  return { slotS: demand.slotS * factor, counts: Float64Array.from(counts), startS: Float64Array.from(startS) };
}
