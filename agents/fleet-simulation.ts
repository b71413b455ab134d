// A fleet's choice replayed through the simulator on recorded arrivals: what the fluid leaves out.
//
// machines, functions and markets as the fleet believes them; arrivals spread over their seconds as they were counted
// each decision: the machines present go to the rule, what it wants to the cluster

import type { AgentContext, Random } from "../src/core/index.ts";
import { stretchedDuration } from "../src/math/index.ts";
import { type PoolPlan, type SimulationPlan, Simulator } from "../src/simulator/index.ts";
import { type Choice, type Past, SLOT_S, type Stretch } from "../src/switching/index.ts";
import { traceWorkload, type Workload } from "../src/workload/index.ts";
import { type KindOfMachine, settingsOf } from "./fleet-kinds.ts";
import { askFor, presentOf } from "./fleet-machines.ts";

/** Nothing hidden: beliefs are all there is. */
const AS_BELIEVED: SimulationPlan["reality"] = {
  interference: 0,
  oversubscription: 0,
  serviceCv: 0,
  stragglers: { share: 0, factor: 1 },
  concurrencyLock: null,
  batchOverheadMs: 0,
};

function recorded(past: Past, { from, to }: Stretch): Workload {
  const counts = Uint32Array.from(past.load.counts.subarray(from * SLOT_S, to * SLOT_S), Math.round);
  return traceWorkload(
    { kind: "counts", binS: 1, counts, missing: [] },
    { name: "recorded", startS: 0, scale: 1, exclude: [] },
  );
}

function planOf(
  context: AgentContext,
  kind: KindOfMachine,
  choice: Choice,
  workload: Workload,
  scoreFromS: number,
): SimulationPlan | null {
  const { catalogue, model, objective, space } = context;
  const type = catalogue.instances.find(({ name }) => name === kind.host);
  const called = catalogue.function;
  if (type === undefined || called === null) return null;
  const settings = settingsOf(kind, choice);
  const none = Object.fromEntries(
    space.knobs.filter(({ name }) => name.startsWith("instances.")).map(({ name }) => [name, 0]),
  );
  const initial = space.nearest({ ...context.initial, ...none, ...settings });
  const pool: PoolPlan = {
    type: {
      ...type,
      launchS: stretchedDuration(type.launchS, kind.launchFactor),
      spotInterruptionsPerHour: 3600 * kind.lossesPerS,
    },
    profile: { name: kind.host, serviceMs: ({ batch }) => kind.slowdown * model.serviceMs(kind.host, initial, batch) },
  };
  return {
    workload,
    classes: [{ name: "all", share: 1, strict: true, size: { mean: 1, cv: 0 } }],
    pools: [pool],
    host: null,
    function: {
      type: { ...called, usdPerGbS: 0, usdPerRequest: kind.callUsd },
      profile: { name: "function", serviceMs: ({ batch }) => model.serviceMs("function", initial, batch) },
      memoryMb: called.memoryMb.min,
      late: { share: 0, extraMs: 0 },
    },
    routing: "central",
    reality: AS_BELIEVED,
    slo: objective.slo,
    knobs: space.knobs,
    initial,
    queueTimeoutS: Number.POSITIVE_INFINITY,
    queueLimit: Number.POSITIVE_INFINITY,
    scoreFromS,
  };
}

/**
 * What a choice costs over a stretch of the past, and whether it holds every SLO over it.
 * @returns null where the catalogue does not tell enough
 */
export function simulateChoice(
  context: AgentContext,
  kind: KindOfMachine,
  choice: Choice,
  past: Past,
  stretch: Stretch,
  random: Random,
): { readonly usd: number; readonly held: boolean } | null {
  const { from, scoreFrom, to } = stretch;
  const plan = planOf(context, kind, choice, recorded(past, stretch), (scoreFrom - from) * SLOT_S);
  if (plan === null) return null;
  const { rule, first } = past.ruleOf(choice, kind, from);
  const begun = askFor(kind, first, choice.spotShare, plan.initial, { ready: 0, booting: 0, readySpot: 0, refused: 0 });
  const knobs = new Set(plan.knobs.map(({ name }) => name));
  const only = Object.fromEntries(Object.entries(begun).filter(([name]) => knobs.has(name)));
  const simulator = new Simulator({ ...plan, initial: context.space.nearest({ ...plan.initial, ...only }) }, random);
  for (let slot = from; slot < to; slot++) {
    simulator.run((slot - from + 1) * SLOT_S);
    if ((slot + 1) % past.decideEvery !== 0) continue;
    const state = simulator.observe();
    const present = presentOf(state, state.configuration, kind);
    const wanted = rule(slot, present.ready, present.booting);
    const asked = askFor(kind, wanted, choice.spotShare, state.configuration, present);
    simulator.configure(context.space.nearest({ ...state.configuration, ...asked }));
  }
  const { usd, attained } = simulator.totals();
  const missed = plan.slo.some((slo, i) => (attained[i] ?? 0) < slo.percentile);
  return { usd, held: !missed };
}
