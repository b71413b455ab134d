// What a fleet's night chose, without the agent: for programs that have neither catalogue nor performance model.
//
// Learnt rules ask whether log(x) > t of every feature; here they ask whether x > c, c the largest number with log(c) <= t,
// so that no other language's logarithm has a say.

import { type AgentContext, ExportError, type FleetForm, type TreesForm } from "../src/core/index.ts";
import type { BoostedTrees, Choice } from "../src/switching/index.ts";
import { type KindOfMachine, settingsOf } from "./fleet-kinds.ts";

/** The largest number whose logarithm does not exceed `threshold`. */
function largestBelow(threshold: number): number {
  const near = Math.exp(threshold);
  let low = near * (1 - 1e-12);
  let high = near * (1 + 1e-12);
  for (let middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (Math.log(middle) <= threshold) low = middle;
    else high = middle;
  }
  return low;
}

function rawTrees(trees: BoostedTrees): TreesForm {
  const data = trees.toJSON();
  return { ...data, thresholds: data.thresholds.map(largestBelow) };
}

function ruleOf(choice: Choice | null): FleetForm["rule"] {
  if (choice === null || choice.rule === "mixed") {
    const found = choice === null ? "less than a day of history, so `mixed`" : "`mixed`";
    throw new ExportError(
      `region-fleet: expected learnt rules or a fixed count, found ${found}, which solves with the performance model; export the table it amounts to`,
    );
  }
  if (choice.rule === "learnt" && choice.calendar !== null) {
    throw new ExportError(
      "region-fleet: expected rules without a calendar, found some with one; train with calendar=false",
    );
  }
  if (choice.rule === "static") return { name: "static", count: choice.count };
  return { name: "learnt", margin: choice.margin, up: rawTrees(choice.rules.up), keep: rawTrees(choice.rules.keep) };
}

/** @throws {ExportError} where the rule needs the performance model, or limits on machines need the catalogue */
export function portableFleet(
  context: AgentContext,
  kinds: readonly KindOfMachine[],
  choice: Choice | null,
): FleetForm {
  const rule = ruleOf(choice);
  const kind = kinds.find(({ name }) => name === choice?.kind);
  if (kind?.market === "spot") {
    throw new ExportError("region-fleet: expected machines on demand, found spot machines, which fall back on others");
  }
  if (kind === undefined || choice === null)
    throw new ExportError("region-fleet: expected a kind of machine, found none");
  const others = context.space.knobs
    .map(({ name }) => name)
    .filter((name) => name.startsWith("instances.") && name !== kind.knob);
  if (others.length > 0 && (context.limits.vcpus !== undefined || context.limits.gpus !== undefined)) {
    throw new ExportError("region-fleet: expected no limit on vcpus or gpus shared by several kinds, found one");
  }
  if (choice.reserve > 0) {
    throw new ExportError("region-fleet: expected functions without a limit, found machines kept in reserve for it");
  }
  const { knob, host, market, capacityRps, most } = kind;
  const settings = settingsOf(kind, choice);
  return { form: "fleet", knob, host, market, settings, others, capacityRps, most, rule };
}
