// Lessons: each pass completes the step of the one before it; the agent learns from it and the log keeps it.

import {
  type ClusterState,
  type Configuration,
  type DecisionRecord,
  type Mode,
  rewardOf,
  type Transition,
} from "../core/index.ts";
import type { Decision } from "./decide.ts";
import type { ControlParts } from "./parts.ts";
import type { TrustedAgent } from "./trusted-agent.ts";

/** A pass as learning sees it. */
export interface Step {
  readonly observation: ClusterState;
  /** Configuration that was in force, or on its way, when it was observed. */
  readonly target: Configuration;
  readonly decision: Decision;
  readonly record: DecisionRecord;
}

/** Pairs passes into transitions. */
export class Lesson {
  readonly #parts: ControlParts;
  readonly #agent: TrustedAgent;
  #before: Step | null = null;
  #aborted = false;

  constructor(parts: ControlParts, agent: TrustedAgent) {
    this.#parts = parts;
    this.#agent = agent;
  }

  /** The step under way will not be learnt from: what came after it was not seen. */
  interrupt(): void {
    this.#before = null;
    this.#aborted = false;
  }

  /** The step under way was a canary that was rolled back. */
  abort(): void {
    this.#aborted = true;
  }

  /** Learns from the step before, which ended with what this one observed; keeps it and the window it ended with. */
  async learn(step: Step, mode: Mode): Promise<void> {
    const before = this.#before;
    this.#before = step;
    const aborted = this.#aborted;
    this.#aborted = false;
    const window = step.observation.history.at(-1) ?? null;
    if (before === null || mode === "off") {
      await this.#parts.store.transitions.append({ window, step: null });
      return;
    }
    const { objective, space } = this.#parts.context;
    const { observation: next } = step;
    const { reward, info } = rewardOf(before.target, next, objective, space);
    const transition: Transition = {
      observation: before.observation,
      proposed: { ...before.decision.proposal, configuration: before.decision.proposed },
      applied: before.record.applied ?? before.target,
      actor: before.record.actor,
      actionProbability: before.decision.proposal.probability ?? 1,
      reward,
      next,
      windowS: next.metrics.durationS,
      aborted,
      truncated: false,
    };
    this.#agent.learn(transition, before.target, step.decision.votes);
    const { proposed, applied, actor, actionProbability, windowS, truncated } = transition;
    const kept = { proposed: proposed.configuration, applied, actor, actionProbability, reward, terms: info };
    await this.#parts.store.transitions.append({
      window,
      step: { decision: before.record.id, ...kept, windowS, aborted, truncated },
    });
  }
}
