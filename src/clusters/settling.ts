// What is in force of something that takes a while to change: what it was last seen settled in.

import { type ClusterState, type Configuration, ObservationError } from "../core/index.ts";
import { sameConfiguration } from "../spaces/index.ts";

/** Follows one cluster through its changes. */
export class Settling {
  #running: Configuration | null = null;

  /**
   * What is in force and what is on its way.
   * @param place named in errors
   * @param progress how far a change has come, in words; null where what is wanted is in force
   * @throws {ObservationError} when it is first seen in the middle of a change: nobody knows what is in force then
   */
  told(
    wanted: Configuration,
    progress: string | null,
    place: string,
  ): Pick<ClusterState, "configuration" | "inFlight"> {
    if (progress === null) this.#running = wanted;
    const configuration = this.#running;
    if (configuration === null) {
      throw new ObservationError(`${place}: expected it settled when first seen, found ${progress}`);
    }
    return { configuration, inFlight: sameConfiguration(wanted, configuration) ? null : wanted };
  }
}
