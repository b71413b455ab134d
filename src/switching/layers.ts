// The fleet's cost cut into layers: with equal machines and a price per call, each layer is on or off on its own account.
//
// cost(n) = Σ_{k<=n} p + Σ_{k>n} c·d_k,   d_k = clip(λ - (k-1)μ, 0, μ)   requests a second of layer k
// gain of layer l in a slot, in seconds of machine price:  g_l[s] = Δ (c/p) · mean over its seconds of clip(count - l, 0, μ)
// levels: at most 28 multiples of μ from 0 to the peak, spaced as i^1.25, the last one wholly above it
// Source: fleet-switching.md. Exact without a queue; with one, requests that wait into a quieter second cost nothing.
// Differs: a layer that is never used is learnt from too, so that rules know where to stop.

import { SLOT_S } from "./features.ts";
import type { RecordedLoad } from "./rate-memory.ts";

/** One kind of machine against functions. */
export interface MachinePrice {
  readonly capacityRps: number;
  readonly usdPerS: number;
  /** Price of a call instead. */
  readonly callUsd: number;
  /** From order to ready. */
  readonly launchS: number;
  readonly launchBilled: boolean;
  /** Chance that the market takes a machine within a second. */
  readonly lossesPerS: number;
}

/** A layer to be on or off. */
export interface Layer {
  /** Load below the layer, as the level feature tells it. */
  readonly levelRps: number;
  /** What being on saves in each slot, in seconds of the machine's price; shape [slots]. */
  readonly gains: Float64Array;
}

const MAX_LEVELS = 28;
const SPACING = 1.25;

/** Multiples of the capacity up to the first at or above the peak, dense at the bottom. */
export function layerLevels(peakRps: number, capacityRps: number): number[] {
  const top = Math.max(1, Math.ceil(peakRps / capacityRps - 1e-9));
  const count = Math.min(MAX_LEVELS, top + 1);
  const multiples = Array.from({ length: count }, (_, i) => Math.round(top * (i / (count - 1)) ** SPACING));
  return [...new Set(multiples)].map((multiple) => multiple * capacityRps);
}

/** Requests of each slot that fall into [levelRps, levelRps + widthRps), per second; shape [slots]. */
export function layerDemandRps(load: RecordedLoad, levelRps: number, widthRps: number): Float64Array {
  const demand = new Float64Array(load.slots);
  for (let slot = 0; slot < load.slots; slot++) {
    let sum = 0;
    for (let at = slot * SLOT_S; at < (slot + 1) * SLOT_S; at++) {
      const above = (load.counts[at] ?? 0) - levelRps;
      if (above > 0) sum += Math.min(above, widthRps);
    }
    demand[slot] = sum / SLOT_S;
  }
  return demand;
}

/** The layers of a kind of machine over a recorded load. */
export function machineLayers(load: RecordedLoad, peakRps: number, machine: MachinePrice): Layer[] {
  const { capacityRps, callUsd, usdPerS } = machine;
  return layerLevels(peakRps, capacityRps).map((levelRps) => ({
    levelRps,
    gains: layerDemandRps(load, levelRps, capacityRps).map((rps) => (SLOT_S * callUsd * rps) / usdPerS),
  }));
}
