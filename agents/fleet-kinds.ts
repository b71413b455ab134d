// The kinds of machine a fleet may be built from, each at its best host settings, cheapest per request first.
//
// settings of a kind: the smallest batch that gives its highest throughput with  service <= .96 SLO,  the shortest delay,
// and the longest offload threshold with  wait + service <= .96 SLO;  a kind is left out where as many of another as give
// its throughput are never dearer; spot stands in for on-demand machines of its type
// Source: design section 7.1; fleet-switching.md, ADMIT.

import type { AgentContext, Configuration, DurationSpec, InstanceType } from "../src/core/index.ts";
import type { CallBehaviour, FleetKind } from "../src/switching/index.ts";

/** A kind of machine with the knobs that make it. */
export interface KindOfMachine extends FleetKind {
  readonly knob: string;
  readonly host: string;
  readonly market: "onDemand" | "spot";
  /** Batch, delay and offload knobs for a fleet of this kind; only those the lattice has. */
  readonly settings: Configuration;
}

/** Share of the SLO that wait and service may use up before a request goes to a function. */
const DEADLINE_SHARE = 0.96;

/** Kinds that are learnt for; each costs a night's training. */
const MOST_KINDS = 2;

/** Longest functions are thought to stay warm where the catalogue tells no finite time. */
const KEEP_ALIVE_S = 3600;

function meanS(spec: DurationSpec): number {
  if ("constant" in spec) return spec.constant;
  if ("uniform" in spec) return (spec.uniform[0] + spec.uniform[1]) / 2;
  if ("exponential" in spec) return spec.exponential;
  return spec.lognormal.mean;
}

/** The finite values of a number knob, ascending. */
function numbersOf(context: AgentContext, name: string): number[] {
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

function settingsFor(context: AgentContext, host: string): Sized | null {
  const { model, objective, initial } = context;
  const deadlineMs = DEADLINE_SHARE * objective.slo[0].latencyMs;
  const [delay] = numbersOf(context, "maxBatchDelayMs");
  const sizes = numbersOf(context, "maxBatchSize");
  let best: Sized | null = null;
  for (const batch of sizes.length > 0 ? sizes : [1]) {
    const set: Record<string, number> = {};
    if (sizes.length > 0) set["maxBatchSize"] = batch;
    if (delay !== undefined) set["maxBatchDelayMs"] = delay;
    const serviceMs = model.serviceMs(host, { ...initial, ...set }, batch);
    if (serviceMs > deadlineMs) continue;
    const capacityRps = model.capacityRps(host, { ...initial, ...set });
    if (best !== null && capacityRps <= best.capacityRps * 1.001) continue;
    const thresholds = numbersOf(context, "offloadThresholdMs");
    const threshold = thresholds.findLast((value) => value + serviceMs <= deadlineMs) ?? thresholds[0];
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
  const counts = numbersOf(context, knob);
  return Math.min(
    counts.at(-1) ?? 0,
    limits.usdPerHour === undefined || usdPerHour === 0 ? Number.POSITIVE_INFINITY : limits.usdPerHour / usdPerHour,
    limits.vcpus === undefined ? Number.POSITIVE_INFINITY : limits.vcpus / type.vcpus,
    limits.gpus === undefined || type.gpus === 0 ? Number.POSITIVE_INFINITY : limits.gpus / type.gpus,
  );
}

function kindsOf(context: AgentContext, type: InstanceType): KindOfMachine[] {
  const sized = settingsFor(context, type.name);
  if (sized === null) return [];
  const call = callUsd(context, type, sized.settings, sized.capacityRps);
  if (call === null || !(call > 0)) return [];
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
        settings: sized.settings,
        capacityRps: sized.capacityRps,
        usdPerS: usdPerHour / 3600,
        callUsd: call,
        launchS: meanS(type.launchS),
        launchBilled: type.billing.launchBilled,
        lossesPerS: spot ? type.spotInterruptionsPerHour / 3600 : 0,
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

/** Kinds worth learning for, cheapest per request at full use first; none where functions cannot stand in for machines. */
export function fleetKinds(context: AgentContext): KindOfMachine[] {
  const all = context.catalogue.instances.flatMap((type) => kindsOf(context, type));
  const offered = all.filter(
    (kind) => kind.market === "spot" || !all.some((other) => other.host === kind.host && other.market === "spot"),
  );
  return offered
    .filter(
      (b) =>
        !offered.some((a) => a !== b && replaces(a, b) && !(replaces(b, a) && offered.indexOf(b) < offered.indexOf(a))),
    )
    .sort((a, b) => a.usdPerS / a.capacityRps - b.usdPerS / b.capacityRps)
    .slice(0, MOST_KINDS);
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
