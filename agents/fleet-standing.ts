// What a fleet stands on until its next night: the choice that acts, why, since when, and what it has cost.

import type { AgentContext } from "../src/core/index.ts";
import type { Choice } from "../src/switching/index.ts";
import type { KindOfMachine } from "./fleet-kinds.ts";
import type { FleetPoint } from "./fleet-lattice.ts";
import { FleetRule } from "./fleet-rule.ts";

/** A choice and how it came to stand. */
interface Stand {
  /** Null for leaving the fleet to `mixed`. */
  readonly choice: Choice | null;
  /** Opens every reason. */
  readonly why: string;
  /** Where it is on the lattice; null before the first night. */
  readonly point: FleetPoint | null;
}

/** The choice that acts, as a rule. */
export class FleetStanding {
  readonly #context: AgentContext;
  #stand: Stand;
  #kinds: readonly KindOfMachine[];
  #rule: FleetRule;
  /** When the choice was made, and what the fleet cost since. */
  sinceS = 0;
  usd = 0;

  constructor(context: AgentContext, kinds: readonly KindOfMachine[], stand: Stand) {
    this.#context = context;
    this.#stand = stand;
    this.#kinds = kinds;
    this.#rule = new FleetRule(context, kinds, stand.choice, stand.why);
  }

  get choice(): Choice | null {
    return this.#stand.choice;
  }

  get why(): string {
    return this.#stand.why;
  }

  get point(): FleetPoint | null {
    return this.#stand.point;
  }

  get rule(): FleetRule {
    return this.#rule;
  }

  /** The kind of machine it stands on, as it is believed to be; null for none. */
  get kind(): KindOfMachine | null {
    return this.#kinds.find(({ name }) => name === this.choice?.kind) ?? null;
  }

  /** Stands on something from now on. @param kinds as they are believed to be now */
  choose(kinds: readonly KindOfMachine[], stand: Stand, nowS: number): void {
    this.#kinds = kinds;
    this.#stand = stand;
    this.#rule = new FleetRule(this.#context, kinds, stand.choice, stand.why);
    this.sinceS = nowS;
    this.usd = 0;
  }
}
