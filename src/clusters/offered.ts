// What every adapter refuses before it asks its cluster: knobs it has not, values nobody offered, shares it cannot split.

import { ActuationError, type Configuration, type Knob, type Trial } from "../core/index.ts";

/** @throws {ActuationError} naming the first knob the cluster has not, or the first value that is not one of its own */
export function refuseUnoffered(knobs: readonly Knob[], configuration: Configuration): void {
  for (const [name, value] of Object.entries(configuration)) {
    const knob = knobs.find((candidate) => candidate.name === name);
    if (knob?.values.includes(value)) continue;
    const expected = knob === undefined ? "a knob of this cluster" : `one of ${knob.values.join(", ")}`;
    throw new ActuationError(`configuration.${name}: expected ${expected}, found ${value}`);
  }
}

/** For adapters that change all of a cluster at once. @throws {ActuationError} for a trial on less than all traffic */
export function refuseSplit(trial: Trial | undefined): void {
  if (trial === undefined || trial.share >= 1) return;
  throw new ActuationError(`trial.share: expected 1 where the traffic cannot be split, found ${trial.share}`);
}
