// Change budgets and freeze windows: how much may be changed, how often, at which hours, for which reasons.
//
// hold everything while `per` has seen as many changes as a budget allows; with a share, no knob moves further at once
// a budget with a schedule binds from each time of its cron pattern (UTC) for its duration; of those that bind all do
// Source: Karpenter, `disruption.budgets` (nodes: "10%" | "5", schedule, duration, reasons), karpenter.sh/v1.
// Differs: what is budgeted is changes of the configuration; the reasons are what a change does to the committed cost.

import { Cron } from "croner";
import { z } from "zod";
import type { Configuration, Guard, GuardContext, Proposal, Verdict } from "../core/index.ts";
import { heldWhole } from "./hold.ts";
import { target } from "./limits.ts";
import { stepLimit } from "./step-limit.ts";

const HOUR_S = 3600;

/** "8h", "1h30m", "90s": hours, minutes and seconds, in this order. */
const durationText = z
  .string()
  .regex(/^(?=\d)(\d+h)?(\d+m)?(\d+s)?$/, 'expected a duration such as "8h" or "1h30m"')
  .transform((text) => {
    const part = (unit: string): number => Number(new RegExp(`(\\d+)${unit}`).exec(text)?.[1] ?? 0);
    return part("h") * HOUR_S + part("m") * 60 + part("s");
  });

function cron(pattern: string): Cron {
  return new Cron(pattern, { timezone: "UTC", paused: true, mode: "5-part" });
}

const schedule = z.string().superRefine((pattern, context) => {
  try {
    cron(pattern);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    context.addIssue({ code: "custom", message: `expected a cron pattern of five fields (${found})` });
  }
});

/** What a change does: commits to less, to more, or to as much as before. */
export type ChangeReason = "saving" | "capacity" | "tuning";

/** One budget, as a file states it. */
export const changeBudgetSchema = z
  .strictObject({
    /** Changes within `per`, 0 for none; or the share of its range a knob may move at once, such as "10%". */
    changes: z.union([
      z.number().int().nonnegative(),
      z.string().regex(/^(100|\d{1,2})%$/, 'expected a whole number, or a share such as "10%"'),
    ]),
    per: durationText.prefault("1h"),
    /** Five-field cron pattern in UTC at which the budget begins to bind; always binding where absent. */
    schedule: schedule.optional(),
    /** For how long it then does. */
    duration: durationText.optional(),
    /** Kinds of change it is about; all where absent. */
    reasons: z
      .array(z.enum(["saving", "capacity", "tuning"]))
      .min(1)
      .optional(),
  })
  .refine((budget) => (budget.schedule === undefined) === (budget.duration === undefined), {
    message: "expected schedule and duration together, or neither",
  });

/** A checked budget. */
export type ChangeBudget = z.output<typeof changeBudgetSchema>;

/** What a move from the target to a configuration does to the committed cost. */
export function changeReason(configuration: Configuration, context: GuardContext): ChangeReason {
  const before = context.committedUsdPerHour(target(context));
  const after = context.committedUsdPerHour(configuration);
  return after < before ? "saving" : after > before ? "capacity" : "tuning";
}

interface Binding {
  readonly budget: ChangeBudget;
  readonly binds: (nowS: number) => boolean;
  readonly text: string;
}

function bindingOf(budget: ChangeBudget): Binding {
  const { schedule: pattern, duration, reasons } = budget;
  const about = reasons === undefined ? "" : ` for ${reasons.join(", ")}`;
  if (pattern === undefined || duration === undefined) return { budget, binds: () => true, text: about };
  const times = cron(pattern);
  // A fold asks many times at one moment, and reading a calendar is the costliest thing a guard does.
  let asked = { nowS: Number.NaN, binds: false };
  const binds = (nowS: number): boolean => {
    if (asked.nowS === nowS) return asked.binds;
    const began = times.nextRun(new Date((nowS - duration) * 1000));
    asked = { nowS, binds: began !== null && began.getTime() <= nowS * 1000 };
    return asked.binds;
  };
  return { budget, binds, text: `${about}, for ${Math.round(duration / 60)} min from each "${pattern}" UTC` };
}

function check({ budget, text }: Binding, proposal: Proposal, context: GuardContext): Verdict {
  const { changes, per, reasons } = budget;
  if (reasons !== undefined && !reasons.includes(changeReason(proposal.configuration, context))) return { proposal };
  if (typeof changes === "string") {
    const share = Number(changes.slice(0, -1)) / 100;
    if (share === 0) return heldWhole(proposal, context, `no changes${text}`);
    const verdict = stepLimit({ share }).check(proposal, context);
    return verdict.reason === undefined ? verdict : { ...verdict, reason: `${verdict.reason}${text}` };
  }
  if (changes === 0) return heldWhole(proposal, context, `no changes${text}`);
  const made = context.changesS.filter((timeS) => timeS > context.nowS - per).length;
  if (made < changes) return { proposal };
  return heldWhole(proposal, context, `${made} changes in ${Math.round(per / 60)} min, at most ${changes}${text}`);
}

/** Holds what the change budgets do not allow now. */
export function changeBudget(budgets: readonly ChangeBudget[] = []): Guard {
  const bindings = budgets.map(bindingOf);
  return {
    name: "change-budget",
    check(proposal: Proposal, context: GuardContext): Verdict {
      const reasons: string[] = [];
      let left = proposal;
      for (const binding of bindings.filter(({ binds }) => binds(context.nowS))) {
        const verdict = check(binding, left, context);
        if (verdict.reason !== undefined) reasons.push(verdict.reason);
        left = verdict.proposal;
      }
      return reasons.length === 0 ? { proposal } : { proposal: left, reason: reasons.join("; ") };
    },
  };
}
