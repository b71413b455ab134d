// The guards of one episode: they remember when each knob was last changed, and see every proposal.

import type { ClusterState, Configuration, Guard, KnobLattice, Mode, Objective, Proposal } from "../core/index.ts";
import { applyGuards, type Guarded } from "./apply.ts";

/** What the guards of an episode need beside the observation. */
export interface GuardRules {
  readonly guards: readonly Guard[];
  readonly objective: Objective;
  readonly mode: Mode;
  readonly committedUsdPerHour: (configuration: Configuration) => number;
  readonly budgetUsdPerHour: number | null;
}

/** Guards from an episode's start on. */
export class EpisodeGuards {
  readonly #rules: GuardRules;
  readonly #lattice: KnobLattice;
  readonly #lastChangeS: Record<string, number> = {};

  constructor(rules: GuardRules, lattice: KnobLattice) {
    this.#rules = rules;
    this.#lattice = lattice;
  }

  /** What is left of a proposal; it counts as done. */
  check(proposed: Proposal, observation: ClusterState): Guarded {
    const { guards, ...rules } = this.#rules;
    const { timeS: nowS, configuration: running, inFlight } = observation;
    const target = inFlight ?? running;
    const context = {
      ...rules,
      nowS,
      running,
      inFlight,
      lastChangeS: this.#lastChangeS,
      changesS: [],
      observation,
      lattice: this.#lattice,
    };
    const guarded = applyGuards(proposed, context, guards);
    const after = guarded.proposal.configuration;
    for (const knob of Object.keys(after)) if (after[knob] !== target[knob]) this.#lastChangeS[knob] = nowS;
    return guarded;
  }
}
