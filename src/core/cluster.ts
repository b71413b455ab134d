// The only door to a cluster, simulated or real.

import type { Trial } from "./decision.ts";
import type { Configuration, Knob } from "./knob.ts";
import type { ClusterState } from "./state.ts";

/** A cluster that can be observed and turned. */
export interface ClusterAdapter {
  /** What this cluster can turn. */
  readonly knobs: readonly Knob[];
  /** The window since the last call. @throws {ObservationError} when it cannot be told; never guesses */
  observe(): Promise<ClusterState>;
  /**
   * Idempotent; accepted, not converged.
   * @throws {ActuationError} when refused, leaving things as they were, or failed, leaving nobody knows what
   */
  apply(configuration: Configuration, trial?: Trial): Promise<void>;
  /** Sleeps, or runs simulated events. */
  advance(seconds: number): Promise<void>;
  /** May be called twice. */
  close(): Promise<void>;
}
