// The fold: a proposal goes through the guards, and what comes out is always inside bounds and budget.
//
// x ← budget(bounds(x));  repeat x ← budget(bounds(guards(x))) until nothing changes
// Every guard but the last two only moves knobs back towards the configuration in force, so the fold settles; a proposal
// it let through passes unchanged the next time. When the configuration in force is itself outside the limits (the budget
// was lowered), the nearest one inside takes its place as what guards hold to.

import type { Guard, GuardAction, GuardContext, Proposal } from "../core/index.ts";
import { sameConfiguration } from "../spaces/index.ts";
import { bounds } from "./bounds.ts";
import { budget } from "./budget.ts";
import { inLimits, target } from "./limits.ts";

/** A proposal after the guards, and who changed it why. */
export interface Guarded {
  readonly proposal: Proposal;
  /** Empty exactly when the proposal came through unchanged. */
  readonly actions: readonly GuardAction[];
}

const last: readonly Guard[] = [bounds, budget];

class GuardFailure extends Error {
  readonly guard: string;

  constructor(guard: string, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.guard = guard;
  }
}

function fold(start: Proposal, context: GuardContext, guards: readonly Guard[], actions: GuardAction[]): Proposal {
  let proposal = start;
  for (const guard of guards) {
    try {
      const verdict = guard.check(proposal, context);
      if (verdict.reason !== undefined) {
        const { name } = guard;
        const { reason } = verdict;
        if (!actions.some((action) => action.guard === name && action.reason === reason)) {
          actions.push({ guard: name, reason });
        }
      }
      proposal = verdict.proposal;
    } catch (cause) {
      throw new GuardFailure(guard.name, cause);
    }
  }
  return proposal;
}

/** What guards hold to: the configuration in force, or the nearest inside the limits. */
function anchored(context: GuardContext): GuardContext {
  const held = target(context);
  if (inLimits(held, context)) return context;
  const inside = fold({ configuration: held, reason: "" }, context, last, []);
  return { ...context, inFlight: inside.configuration };
}

function settle(proposal: Proposal, context: GuardContext, guards: readonly Guard[], actions: GuardAction[]): Proposal {
  const list = [...guards.filter((guard) => !last.includes(guard)), ...last];
  let settled = fold(proposal, context, last, actions);
  // Each pass that changes something brings at least one knob nearer to what is held, or onto it.
  const passes = 2 + context.lattice.knobs.reduce((sum, knob) => sum + knob.values.length, 0);
  for (let pass = 0; pass < passes; pass++) {
    const next = fold(settled, context, list, actions);
    if (sameConfiguration(next.configuration, settled.configuration) && next.trial === settled.trial) return next;
    settled = next;
  }
  return { configuration: target(context), reason: proposal.reason };
}

/**
 * Folds a proposal through the guards. Bounds and budget always run last, listed or not. Idempotent.
 * Fails closed: when a guard throws, the configuration in force is kept and the action says so.
 */
export function applyGuards(proposal: Proposal, context: GuardContext, guards: readonly Guard[] = last): Guarded {
  const actions: GuardAction[] = [];
  let held = target(context);
  try {
    const anchor = anchored(context);
    held = target(anchor);
    return { proposal: settle(proposal, anchor, guards, actions), actions };
  } catch (cause) {
    const guard = cause instanceof GuardFailure ? cause.guard : "limits";
    const message = cause instanceof Error ? cause.message : String(cause);
    actions.push({ guard, reason: `failed, the configuration in force is kept: ${message}` });
    return { proposal: { configuration: held, reason: proposal.reason }, actions };
  }
}
