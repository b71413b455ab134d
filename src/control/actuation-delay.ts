// How long each knob takes from being sent to being in force, as measured.

import type { ClusterState, Configuration } from "../core/index.ts";
import { sameConfiguration } from "../spaces/index.ts";

/** A knob that came into force, and how long after it was sent: to within the window it was first seen in. */
export interface ActuationDelay {
  readonly knob: string;
  readonly delayS: number;
}

interface Sent {
  readonly timeS: number;
  readonly configuration: Configuration;
  readonly knobs: readonly string[];
}

/** Measures one cluster's delays; a change that another overtakes is not measured. */
export class ActuationDelays {
  #sent: Sent | null = null;

  /** Notes a change that was sent. @param before in force, or on its way, until then */
  sent(timeS: number, before: Configuration, configuration: Configuration): void {
    const knobs = Object.keys(configuration).filter((name) => configuration[name] !== before[name]);
    this.#sent = { timeS, configuration, knobs };
  }

  /** What came into force by an observation. */
  seen({ timeS, configuration, inFlight, canary }: ClusterState): readonly ActuationDelay[] {
    const sent = this.#sent;
    if (sent === null || canary !== null || inFlight !== null || timeS <= sent.timeS) return [];
    if (!sameConfiguration(configuration, sent.configuration)) return [];
    this.#sent = null;
    return sent.knobs.map((knob) => ({ knob, delayS: timeS - sent.timeS }));
  }
}
