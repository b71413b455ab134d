// The kinds of machine a fleet may be built from, each at its best host settings, cheapest per request first.
//
// settings of a kind: the smallest batch that gives its highest throughput with  service <= .96 SLO,  the shortest delay,
// and the longest offload threshold with  wait + service <= .96 SLO  and  wait + tail * service <= SLO;  a kind is left out
// where as many of another as give its throughput are never dearer; capacities, tails, delays, prices of calls and losses
// are what the fleet measured, where it did; spot machines fall back on on-demand ones of their type
// Source: design section 7.1; fleet-switching.md, ADMIT.

import type { AgentContext, Configuration, InstanceType } from "../src/core/index.ts";
import { meanDurationS } from "../src/math/index.ts";
import { slackMs } from "../src/optimizers/service-tail.ts";
import type { CallBehaviour, Choice, FleetKind } from "../src/switching/index.ts";
import { type FleetBeliefs, LOSS_SHARE, NO_BELIEFS } from "./fleet-beliefs.ts";

/** A kind of machine with the knobs that make it. */
export interface KindOfMachine extends FleetKind {
  readonly knob: string;
  readonly host: string;
  readonly market: "onDemand" | "spot";
  /** Counts on-demand machines of the type that stand in where the spot market gives none; null where nothing does. */
  readonly fallbackKnob: string | null;
  /** Measured service time over the modelled, and launch delay over the catalogue's. */
  readonly slowdown: number;
  readonly launchFactor: number;
  /** Batch, delay and offload knobs for a fleet of this kind; only those the lattice has. */
  readonly settings: Configuration;
}

/** Knobs of the hosts of a kind under a choice: the kind's own, with the choice's longest wait. */
export function settingsOf(kind: KindOfMachine, { waitS }: Pick<Choice, "waitS">): Configuration {
  return "offloadThresholdMs" in kind.settings ? { ...kind.settings, offloadThresholdMs: 1000 * waitS } : kind.settings;
}

/** Share of the SLO that wait and service may use up before a request goes to a function. */
const DEADLINE_SHARE = 0.96;

/** Longest functions are thought to stay warm where the catalogue tells no finite time. */
const KEEP_ALIVE_S = 3600;

/** The finite values of a number knob, ascending. */
export function finiteValues(context: AgentContext, name: string): number[] {
  const values = context.space.knobs.find((knob) => knob.name === name)?.values ?? [];
  return values
    .filter((value): value is number => typeof value === "number" && Number.isFinite(value))
    .sort((a, b) => a - b);
}

/** Host settings, what a machine carries under them, and the longest wait they let a request have. */
interface Sized {
  readonly settings: Configuration;
  readonly capacityRps: number;
  readonly waitS: number;
}

function settingsFor(context: AgentContext, host: string, slowdown: number, tail: number): Sized | null {
  const { model, objective, initial } = context;
  const [delay] = finiteValues(context, "maxBatchDelayMs");
  const sizes = finiteValues(context, "maxBatchSize");
  let best: Sized | null = null;
  for (const batch of sizes.length > 0 ? sizes : [1]) {
    const set: Record<string, number> = {};
    if (sizes.length > 0) set["maxBatchSize"] = batch;
    if (delay !== undefined) set["maxBatchDelayMs"] = delay;
    const serviceMs = slowdown * model.serviceMs(host, { ...initial, ...set }, batch);
    const longestMs = slackMs(objective, serviceMs, tail, DEADLINE_SHARE);
    if (longestMs < 0) continue;
    const capacityRps = model.capacityRps(host, { ...initial, ...set }) / slowdown;
    if (best !== null && capacityRps <= best.capacityRps * 1.001) continue;
    const thresholds = finiteValues(context, "offloadThresholdMs");
    const threshold = thresholds.findLast((value) => value <= longestMs) ?? thresholds[0];
    const offload = threshold === undefined ? {} : { offloadThresholdMs: threshold };
    best = { settings: { ...set, ...offload }, capacityRps, waitS: (threshold ?? 0) / 1000 };
  }
  return best !== null && best.capacityRps > 0 ? best : null;
}

/**
 * What one call costs, read off the model: a single machine under ten times its load hands over nearly everything.
 * @returns null where functions cannot take over
 */
function callUsd(
  context: AgentContext,
  type: InstanceType,
  settings: Configuration,
  capacityRps: number,
): number | null {
  const [slo] = context.objective.slo;
  if (context.catalogue.function === null || settings["offloadThresholdMs"] === undefined) return null;
  if (context.model.serviceMs("function", context.initial, 1) > slo.latencyMs) return null;
  const machines = context.space.knobs.filter((knob) => knob.name.startsWith("instances."));
  const none = Object.fromEntries(machines.map((knob) => [knob.name, 0]));
  const alone = { ...context.initial, ...none, ...settings, [`instances.${type.name}.onDemand`]: 1 };
  const rateRps = 10 * capacityRps;
  const { offloadedShare, costUsdPerHour } = context.model.predict(alone, { rateRps });
  const calls = 3600 * rateRps * offloadedShare;
  return calls > 0 ? (costUsdPerHour - type.usdPerHour) / calls : null;
}

/** As many as limits and knob allow. */
function mostOf(context: AgentContext, knob: string, type: InstanceType, usdPerHour: number): number {
  const { limits } = context;
  const counts = finiteValues(context, knob);
  return Math.min(
    counts.at(-1) ?? 0,
    limits.usdPerHour === undefined || usdPerHour === 0 ? Number.POSITIVE_INFINITY : limits.usdPerHour / usdPerHour,
    limits.vcpus === undefined ? Number.POSITIVE_INFINITY : limits.vcpus / type.vcpus,
    limits.gpus === undefined || type.gpus === 0 ? Number.POSITIVE_INFINITY : limits.gpus / type.gpus,
  );
}

function kindsOf(context: AgentContext, type: InstanceType, beliefs: FleetBeliefs): KindOfMachine[] {
  const slowdown = Math.exp(beliefs.slowdown[type.name] ?? 0);
  const sized = settingsFor(context, type.name, slowdown, beliefs.serviceTail[type.name] ?? 1);
  if (sized === null) return [];
  const call = beliefs.callUsd ?? callUsd(context, type, sized.settings, sized.capacityRps);
  if (call === null || !(call > 0)) return [];
  const listedS = meanDurationS(type.launchS);
  const launchS = beliefs.launchS[type.name] ?? listedS;
  const onDemandKnob = `instances.${type.name}.onDemand`;
  return (["onDemand", "spot"] as const).flatMap((market) => {
    const knob = `instances.${type.name}.${market}`;
    const spot = market === "spot";
    if (spot && type.spotPriceRatio === null) return [];
    const usdPerHour = type.usdPerHour * (spot ? (type.spotPriceRatio ?? 1) : 1);
    const most = Math.floor(mostOf(context, knob, type, usdPerHour));
    if (most < 1 || usdPerHour <= 0) return [];
    return [
      {
        name: knob,
        knob,
        host: type.name,
        market,
        fallbackKnob: spot && (finiteValues(context, onDemandKnob).at(-1) ?? 0) > 0 ? onDemandKnob : null,
        onDemandUsdPerS: type.usdPerHour / 3600,
        settings: sized.settings,
        capacityRps: sized.capacityRps,
        usdPerS: usdPerHour / 3600,
        callUsd: call,
        launchS,
        launchFactor: listedS > 0 ? launchS / listedS : 1,
        slowdown,
        launchBilled: type.billing.launchBilled,
        lossesPerS: spot ? (beliefs.lossesPerS[knob] ?? type.spotInterruptionsPerHour / 3600) : 0,
        lossShare: spot ? (beliefs.lossShare[knob] ?? LOSS_SHARE) : 0,
        waitS: sized.waitS,
        most,
      },
    ];
  });
}

/** As many of `a` as give the throughput of one `b` are never dearer, and there may be as many. */
function replaces(a: KindOfMachine, b: KindOfMachine): boolean {
  const needed = Math.ceil(b.capacityRps / a.capacityRps - 1e-9);
  return needed * a.usdPerS <= b.usdPerS && a.most >= needed * b.most;
}

/** Kinds that no other replaces, cheapest per request at full use first; none where functions cannot stand in for machines. */
export function fleetKinds(context: AgentContext, beliefs: FleetBeliefs = NO_BELIEFS): KindOfMachine[] {
  const all = context.catalogue.instances.flatMap((type) => kindsOf(context, type, beliefs));
  const surely = (b: KindOfMachine): boolean =>
    all.some((a) => {
      if (a === b || (a.market === "spot" && b.market === "onDemand") || !replaces(a, b)) return false;
      return !(replaces(b, a) && all.indexOf(b) < all.indexOf(a));
    });
  return all.filter((kind) => !surely(kind)).sort((a, b) => a.usdPerS / a.capacityRps - b.usdPerS / b.capacityRps);
}

/** Whether slow batches of a kind are in time after its longest wait. @param tail of its service times, over their mean */
export function keepsTime({ model, objective, initial }: AgentContext, kind: KindOfMachine, tail: number): boolean {
  const batch = kind.settings["maxBatchSize"];
  const serviceMs = model.serviceMs(kind.host, { ...initial, ...kind.settings }, typeof batch === "number" ? batch : 1);
  return slackMs(objective, kind.slowdown * serviceMs, tail, DEADLINE_SHARE) >= 1000 * kind.waitS;
}

/** What a call costs by the model, of the kind of machine it is first known for; null where functions cannot take over. */
export function modelledCallUsd(context: AgentContext): number | null {
  for (const type of context.catalogue.instances) {
    const sized = settingsFor(context, type.name, 1, 1);
    const usd = sized === null ? null : callUsd(context, type, sized.settings, sized.capacityRps);
    if (usd !== null) return usd;
  }
  return null;
}

/** How functions stand in for machines. */
export function callBehaviour(context: AgentContext): CallBehaviour {
  const { model, initial, catalogue, objective } = context;
  const keepAliveS = catalogue.function?.keepAliveS ?? 0;
  return {
    serviceS: catalogue.function === null ? 0 : model.serviceMs("function", initial, 1) / 1000,
    keepAliveS: Number.isFinite(keepAliveS) ? keepAliveS : KEEP_ALIVE_S,
    concurrencyLimit: catalogue.function?.concurrencyLimit ?? 0,
    lateShare: Math.min(...objective.slo.map((slo) => 1 - slo.percentile)),
  };
}
