// Budget: what a configuration commits to per hour, nothing offloaded, never exceeds the budget.
//
// while over the budget: take the single step that saves money, first of those that give back what the proposal
// added to the configuration in force, else the one that saves most

import type { Configuration, Guard, GuardContext, Proposal, Verdict } from "../core/index.ts";
import { inBounds, inLimits, nearestInside, singleSteps, target } from "./limits.ts";

function givesBack(from: Configuration, to: Configuration, held: Configuration, context: GuardContext): boolean {
  const knob = context.lattice.knobs.find(({ name }) => from[name] !== to[name]);
  if (knob === undefined) return false;
  const at = (configuration: Configuration): number => knob.values.indexOf(configuration[knob.name] ?? "");
  return Math.abs(at(to) - at(held)) < Math.abs(at(from) - at(held));
}

function cheaperStep(from: Configuration, context: GuardContext): Configuration | null {
  const held = target(context);
  const cost = context.committedUsdPerHour(from);
  let best: { readonly configuration: Configuration; readonly back: boolean; readonly saving: number } | null = null;
  for (const configuration of singleSteps(from, context)) {
    const saving = cost - context.committedUsdPerHour(configuration);
    if (!(saving > 0) || !inBounds(configuration, context)) continue;
    const back = givesBack(from, configuration, held, context);
    if (best === null || (back && !best.back) || (back === best.back && saving > best.saving)) {
      best = { configuration, back, saving };
    }
  }
  return best?.configuration ?? null;
}

function affordable(start: Configuration, context: GuardContext): Configuration | null {
  let reached = start;
  while (!inLimits(reached, context)) {
    const next = cheaperStep(reached, context);
    if (next === null) return nearestInside(start, (candidate) => inLimits(candidate, context), context);
    reached = next;
  }
  return reached;
}

function inUsd(amount: number): string {
  return `${amount.toFixed(2)} USD/h`;
}

/** Cuts a proposal down to the budget. Always the last word. */
export const budget: Guard = {
  name: "budget",
  check(proposal: Proposal, context: GuardContext): Verdict {
    const limit = context.budgetUsdPerHour;
    if (limit === null || inLimits(proposal.configuration, context)) return { proposal };
    const configuration = affordable(proposal.configuration, context);
    if (configuration === null) {
      throw new RangeError(`expected at least one configuration within ${inUsd(limit)}, found none`);
    }
    const wanted = inUsd(context.committedUsdPerHour(proposal.configuration));
    return {
      proposal: { ...proposal, configuration },
      reason: `would commit ${wanted} of a budget of ${inUsd(limit)}`,
    };
  },
};
