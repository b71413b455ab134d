// What every adapter refuses: to ask its cluster for knobs it has not, values nobody offered, shares it cannot split; and
// to tell of a cluster that runs with values nobody offered.

import {
  ActuationError,
  type Configuration,
  type Knob,
  type KnobValue,
  ObservationError,
  type Trial,
} from "../core/index.ts";

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

/**
 * What runs, knob by knob.
 * @param place named in errors
 * @param told what the cluster says of a knob; undefined where it says nothing
 * @throws {ObservationError} naming the first knob that runs with a value nobody offered
 */
export function offeredConfiguration(
  knobs: readonly Knob[],
  place: string,
  told: (knob: Knob) => KnobValue | undefined,
): Configuration {
  const configuration: Record<string, KnobValue> = {};
  for (const knob of knobs) {
    const { name, values } = knob;
    const value = told(knob);
    if (value === undefined || !values.includes(value)) {
      const expected = `one of ${values.join(", ")}`;
      throw new ObservationError(`${place}: ${name}: expected ${expected}, found ${value ?? "nothing"}`);
    }
    configuration[name] = value;
  }
  return configuration;
}
