// Step limit: no knob moves further in one pass than a share of its range.
//
// |Δposition_k| ≤ max(1, ⌈share · (n_k - 1)⌉);  knobs whose values are names have no halfway and are left alone
// Source: rate limits of autoscaling rules (Kubernetes HPA v2 `behavior.policies`); the share is of the range
// instead of the current value, so that the limit does not stop a start from zero.

import type { Guard, GuardContext, KnobValue, Proposal, Verdict } from "../core/index.ts";
import { position, target, towards } from "./limits.ts";

/** How far a knob may move in one pass. */
export interface StepLimitOptions {
  /** Share of the knob's range, in (0, 1]; a quarter when absent. */
  readonly share?: number;
}

/** Keeps every move of a knob within a share of its range. */
export function stepLimit({ share = 0.25 }: StepLimitOptions = {}): Guard {
  return {
    name: "step-limit",
    check(proposal: Proposal, context: GuardContext): Verdict {
      const held = target(context);
      const wanted: Record<string, KnobValue> = { ...proposal.configuration };
      const cut: string[] = [];
      for (const knob of context.lattice.knobs) {
        if (typeof knob.values[0] === "string") continue;
        const limit = Math.max(1, Math.ceil(share * (knob.values.length - 1)));
        const from = position(knob.values, held[knob.name], undefined);
        const to = position(knob.values, wanted[knob.name], held[knob.name]);
        if (Math.abs(to - from) <= limit) continue;
        const value = knob.values[from + Math.sign(to - from) * limit];
        if (value === undefined) continue;
        cut.push(`${knob.name} ${wanted[knob.name]} → ${value}`);
        wanted[knob.name] = value;
      }
      if (cut.length === 0) return { proposal };
      return {
        proposal: { ...proposal, configuration: towards(wanted, context) },
        reason: `too far in one pass: ${cut.join(", ")}`,
      };
    },
  };
}
