// Long plans made beside the loop: the agent goes on deciding while a copy of it thinks in a worker.
//
// due: snapshot → planner;  meanwhile every transition is learnt and kept;  planned: restore it, learn the kept ones again

import type { Agent, AgentSnapshot, Transition } from "../core/index.ts";

/** Thinks for an agent elsewhere: takes a snapshot, plans, and gives the snapshot with the plan in it back. */
export type Planner = (snapshot: AgentSnapshot) => Promise<AgentSnapshot>;

/** Keeps an agent's plans fresh without its loop ever waiting for them. */
export class Thoughts {
  readonly #planner: Planner;
  readonly #restore: (snapshot: AgentSnapshot) => Agent;
  /** Learnt since the snapshot under way was taken; null while nobody thinks. */
  #since: Transition[] | null = null;
  #planned: AgentSnapshot | null = null;

  constructor(planner: Planner, restore: (snapshot: AgentSnapshot) => Agent) {
    this.#planner = planner;
    this.#restore = restore;
  }

  /** Learns a transition; gives the agent to go on with, a new one when a plan has come back. */
  learn(agent: Agent, transition: Transition): Agent {
    agent.update(transition);
    if (agent.plan === undefined) return agent;
    this.#since?.push(transition);
    const current = this.#takeOver(agent);
    if (this.#since === null && (current.planDue?.() ?? true)) this.#think(current);
    return current;
  }

  #takeOver(agent: Agent): Agent {
    if (this.#planned === null) return agent;
    const next = this.#restore(this.#planned);
    for (const transition of this.#since ?? []) next.update(transition);
    this.#planned = null;
    this.#since = null;
    return next;
  }

  /** A plan that fails leaves the agent as it is; the next due one tries again. */
  #think(agent: Agent): void {
    this.#since = [];
    this.#planner(agent.save()).then(
      (planned) => {
        this.#planned = planned;
      },
      () => {
        this.#since = null;
      },
    );
  }
}
