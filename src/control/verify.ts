// Verifying: does what the cluster accepted come into force?

import type { ClusterState, Configuration, Knob } from "../core/index.ts";
import { sameConfiguration } from "../spaces/index.ts";

/** Windows granted on top of the knobs' own delay before a change must be seen on its way. */
const GRACE_WINDOWS = 3;

/** A change must have arrived after this many times the knobs' delay, and this many seconds. */
const ARRIVAL_FACTOR = 10;
const ARRIVAL_S = 900;

/** When the cluster last did as it was told. */
export interface Convergence {
  /** Last time it ran what was sent, or had it on its way. */
  readonly heardS: number;
  /** Last time it ran what was sent. */
  readonly arrivedS: number;
}

/** The state after one more observation. @param sent what was last sent before it; null when nothing was */
export function nextConvergence(
  convergence: Convergence | null,
  sent: Configuration | null,
  observation: ClusterState,
): Convergence {
  const { timeS, configuration, inFlight, canary } = observation;
  const arrived = sent === null || canary !== null || sameConfiguration(configuration, sent);
  const heard = arrived || (inFlight !== null && sameConfiguration(inFlight, sent));
  return {
    heardS: heard ? timeS : (convergence?.heardS ?? timeS),
    arrivedS: arrived ? timeS : (convergence?.arrivedS ?? timeS),
  };
}

/** Why the cluster is taken not to do as it is told; null while it does, or while it is too early to say. */
export function convergenceFault(
  { heardS, arrivedS }: Convergence,
  observation: ClusterState,
  knobs: readonly Knob[],
): string | null {
  const { timeS, metrics } = observation;
  const delayS = Math.max(0, ...knobs.map((knob) => knob.actuationDelayS));
  if (timeS - heardS > delayS + GRACE_WINDOWS * metrics.durationS) {
    return `what the cluster accepted has not been in force or on its way for ${Math.round(timeS - heardS)} s`;
  }
  if (timeS - arrivedS > ARRIVAL_FACTOR * delayS + ARRIVAL_S) {
    return `what the cluster accepted has been on its way for ${Math.round(timeS - arrivedS)} s`;
  }
  return null;
}
