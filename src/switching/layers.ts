// The fleet's cost cut into layers: with equal machines and a price per call, each layer is on or off on its own account.
//
// cost(n) = Σ_{k<=n} p + f(n),   f(n) what the requests cost that n machines hand over: c a call, 20 c where no function can
// gain of layer l in a slot, in seconds of machine price:  g_l[s] = (f(l) - f(l + 1)) / p;  queue-free and with functions
//   without a limit  f(n) - f(n + 1) = c·d,  d = clip(λ - nμ, 0, μ)
// levels: at most 28 multiples of μ from 0 to the peak, spaced as i^1.25, the last one wholly above it
// Source: fleet-switching.md. f is convex in n, so the layers below a layer are on before it is.
// Differs: what may wait is not handed over; a layer that is never used is learnt from too, so that rules know where to stop.

import { SLOT_S } from "./features.ts";
import { Backlog, type CallBehaviour, callsPerS } from "./overflow.ts";
import type { RecordedLoad } from "./recorded-load.ts";

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
  /** Share of the machines that are lost together. */
  readonly lossShare: number;
  /** Longest predicted wait of a request that is not handed over. */
  readonly waitS: number;
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

/** A request that neither machine nor function serves in time counts as this many calls. */
const LATE_CALLS = 20;

/** Multiples of the capacity up to the first at or above the peak, dense at the bottom. */
export function layerLevels(peakRps: number, capacityRps: number): number[] {
  const top = Math.max(1, Math.ceil(peakRps / capacityRps - 1e-9));
  const count = Math.min(MAX_LEVELS, top + 1);
  const multiples = Array.from({ length: count }, (_, i) => Math.round(top * (i / (count - 1)) ** SPACING));
  return [...new Set(multiples)].map((multiple) => multiple * capacityRps);
}

/** Calls that each slot costs under a capacity that stays as it is; late requests count as many. Shape [slots]. */
export function callsUnder(load: RecordedLoad, capacityRps: number, waitS: number, calls: CallBehaviour): Float64Array {
  const backlog = new Backlog();
  const most = callsPerS(calls);
  const perSlot = new Float64Array(load.slots);
  for (let slot = 0; slot < load.slots; slot++) {
    let sum = 0;
    for (let at = slot * SLOT_S; at < (slot + 1) * SLOT_S; at++) {
      const over = backlog.take(load.counts[at] ?? 0, capacityRps, waitS);
      sum += over > most ? most + LATE_CALLS * (over - most) : over;
    }
    perSlot[slot] = sum;
  }
  return perSlot;
}

/** What a layer over a level saves in each slot by being on, in seconds of the machine's price; shape [slots]. */
export function layerGains(
  load: RecordedLoad,
  levelRps: number,
  { capacityRps, callUsd, usdPerS, waitS }: MachinePrice,
  calls: CallBehaviour,
): Float64Array {
  const off = callsUnder(load, levelRps, waitS, calls);
  const on = callsUnder(load, levelRps + capacityRps, waitS, calls);
  return off.map((count, slot) => ((count - (on[slot] ?? 0)) * callUsd) / usdPerS);
}

/** The layers of a kind of machine over a recorded load. */
export function machineLayers(
  load: RecordedLoad,
  peakRps: number,
  machine: MachinePrice,
  calls: CallBehaviour,
): Layer[] {
  return layerLevels(peakRps, machine.capacityRps).map((levelRps) => ({
    levelRps,
    gains: layerGains(load, levelRps, machine, calls),
  }));
}
