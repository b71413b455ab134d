// What may act until the next night: a kind of machine, the rule that counts it, and how it stands to markets and functions.

import type { Calendar } from "./calendar.ts";
import { machinesWanted } from "./decide.ts";
import { type CountRule, mixedCounts } from "./fluid-replay.ts";
import type { MachinePrice } from "./layers.ts";
import type { Moments } from "./moments.ts";
import { type CallBehaviour, callsPerS } from "./overflow.ts";
import type { SwitchingRules } from "./policy-iteration.ts";

/** A kind of machine the fleet may be built from. */
export interface FleetKind extends MachinePrice {
  /** As the agent knows it. */
  readonly name: string;
  /** Most that may run. */
  readonly most: number;
  /** What a machine costs that stands in for one of a spot market; `usdPerS` for machines on demand. */
  readonly onDemandUsdPerS: number;
}

/** Rules learnt for a kind of machine. */
export interface LearntRules {
  readonly rules: SwitchingRules;
  /** What the rules read beside the load's own features; null for nothing. */
  readonly calendar: Calendar | null;
}

/** How many machines are wanted. */
export type CountBy =
  | ({ readonly rule: "learnt" /** Seconds of price a launch must promise. */; readonly margin: number } & LearntRules)
  | { readonly rule: "mixed"; readonly holdS: number }
  | { readonly rule: "static"; readonly count: number };

/** What acts until the next night. */
export type Choice = CountBy & {
  readonly kind: string;
  /** Longest predicted wait of a request that is not handed over to a function. */
  readonly waitS: number;
  /** Times the load of the last half hour that machines and functions together are to carry; 0 for no such floor. */
  readonly reserve: number;
  /** Share of the machines asked for on the spot market; 1 for a kind on demand too. */
  readonly spotShare: number;
};

/** A kind as a choice uses it: its wait, and a price and losses in between its two markets'. */
export function usedBy(kind: FleetKind, { waitS, spotShare }: Choice): FleetKind {
  return {
    ...kind,
    waitS,
    usdPerS: spotShare * kind.usdPerS + (1 - spotShare) * kind.onDemandUsdPerS,
    lossesPerS: spotShare * kind.lossesPerS,
    lossShare: spotShare * kind.lossShare,
  };
}

/** A choice as a rule over the slots of a load. */
export function countRule(choice: CountBy, kind: FleetKind, moments: Moments): CountRule {
  if (choice.rule === "static") return () => choice.count;
  if (choice.rule === "mixed") return mixedCounts(moments.rateRps, kind.capacityRps, choice.holdS);
  const ruled = { capacityRps: kind.capacityRps, rules: choice.rules, most: kind.most };
  const row = new Float64Array(moments.width);
  return (slot, ready, booting) => {
    row.set(moments.rows.subarray(slot * moments.width, (slot + 1) * moments.width));
    return machinesWanted(ruled, { ready, booting }, row, moments.referenceRps[slot] ?? 1, choice.margin);
  };
}

/**
 * Machines that a choice keeps whatever its rule wants, as functions are limited and a launch takes its time:
 * ceil((reserve · r1800 - calls a second) / μ).
 */
export function reservedCount(
  { reserve }: Pick<Choice, "reserve">,
  { capacityRps, most }: Pick<FleetKind, "capacityRps" | "most">,
  halfHourRps: number,
  calls: CallBehaviour,
): number {
  if (reserve === 0) return 0;
  const overRps = reserve * halfHourRps - callsPerS(calls);
  return Math.min(most, Math.max(0, Math.ceil(overRps / capacityRps - 1e-9)));
}

/** A choice in words. */
export function choiceText(choice: Choice): string {
  const spot = choice.spotShare < 1 ? `, ${(100 * choice.spotShare).toFixed(0)} % on spot` : "";
  const kept = choice.reserve > 0 ? `, in reserve for ${choice.reserve} times the load` : "";
  const on = `of ${choice.kind}${spot}${kept}`;
  if (choice.rule === "mixed") return `mixed, hold ${choice.holdS} s ${on}`;
  if (choice.rule === "static") return `a fixed ${choice.count} ${on}`;
  return `learnt${choice.calendar === null ? "" : " with calendar"}, margin ${choice.margin} s ${on}`;
}
