// What a fleet believes of its machines, functions and markets: what the catalogue says until enough of it was measured.
//
// belief = (w0·b0 + Σ w·x) / (w0 + Σ w), the sums forgotten by halves once Σ w exceeds a limit
// launch delay   x from order to ready, orders and machines matched first in, first out, which leaves the mean as it is
// slowdown       x = ln(measured / modelled service time) of windows with one type of machine, w their batches
// service tail   x = ln of how far slow batches are above the mean (service-tail.ts), of the same windows, w their batches
// price of call  x = (cost - rent) / calls of windows in which the fleet stood still, w their calls
// losses         spot machines that had to be launched again although nobody asked for more, per machine-second

import { z } from "zod";
import type { AgentContext, ClusterState } from "../src/core/index.ts";
import { meanDurationS } from "../src/math/index.ts";
import { numberAt } from "../src/optimizers/fleet.ts";
import { measuredTail } from "../src/optimizers/service-tail.ts";

/** What is believed; a missing entry stands for what the catalogue or the model says. */
export const beliefsSchema = z.object({
  launchS: z.record(z.string(), z.number()),
  /** Natural logarithm by host. */
  slowdown: z.record(z.string(), z.number()),
  /** Batch service time at the percentile of the first SLO over its mean, by host. */
  serviceTail: z.record(z.string(), z.number()).default({}),
  callUsd: z.number().nullable(),
  /** By spot knob. */
  lossesPerS: z.record(z.string(), z.number()),
  /** Share of a market's machines that are lost together, by spot knob. */
  lossShare: z.record(z.string(), z.number()),
});
export type FleetBeliefs = z.infer<typeof beliefsSchema>;

/** Nothing measured. */
export const NO_BELIEFS: FleetBeliefs = {
  launchS: {},
  slowdown: {},
  serviceTail: {},
  callUsd: null,
  lossesPerS: {},
  lossShare: {},
};

/** Weight of the catalogue's word and the limit beyond which the past is forgotten. */
const LAUNCH = { prior: 5, limit: 400 };
const SERVICE = { prior: 200, limit: 100_000 };
const CALLS = { prior: 2000, limit: 2_000_000 };
/** In losses, and in events of loss. */
const LOSSES = { prior: 1, limit: 400 };
/** Machine-seconds thought to have gone without a loss where the catalogue lists none. */
const UNLISTED_PRIOR_S = 36_000;
/** Share of a spot market thought to be lost at once where nothing was: it spreads over zones. */
export const LOSS_SHARE = 1 / 3;

const averageSchema = z.object({ sum: z.number(), weight: z.number() });
type Average = z.infer<typeof averageSchema>;

/** JSON form of what was measured. */
export const experienceSchema = z.object({
  launch: z.record(z.string(), averageSchema),
  service: z.record(z.string(), averageSchema),
  tail: z.record(z.string(), averageSchema).default({}),
  calls: averageSchema,
  losses: z.record(z.string(), averageSchema),
  together: z.record(z.string(), averageSchema),
  orders: z.record(z.string(), z.array(z.object({ timeS: z.number(), count: z.number() }))),
  last: z.record(z.string(), z.object({ asked: z.number(), ready: z.number(), missing: z.number() })),
  fleet: z.string(),
});
type Saved = z.infer<typeof experienceSchema>;

function add(average: Average | undefined, value: number, weight: number, limit: number): Average {
  const { sum, weight: before } = average ?? { sum: 0, weight: 0 };
  const kept = before + weight > limit ? 0.5 : 1;
  return { sum: kept * sum + value * weight, weight: kept * before + weight };
}

function believed(average: Average | undefined, prior: number, weight: number): number {
  if (average === undefined) return prior;
  return (weight * prior + average.sum) / (weight + average.weight);
}

/** Watches a fleet and tells what to believe of it. */
export class FleetExperience {
  readonly #context: AgentContext;
  #state: Saved = {
    launch: {},
    service: {},
    tail: {},
    calls: { sum: 0, weight: 0 },
    losses: {},
    together: {},
    orders: {},
    last: {},
    fleet: "",
  };

  constructor(context: AgentContext) {
    this.#context = context;
  }

  /** Takes in a window once. */
  observe(state: ClusterState): void {
    const fleet = JSON.stringify(state.fleet);
    this.#service(state);
    this.#tail(state);
    if (fleet === this.#state.fleet) this.#price(state);
    for (const type of this.#context.catalogue.instances) this.#machines(state, type.name);
    this.#state.fleet = fleet;
  }

  beliefs(modelledCallUsd: number | null): FleetBeliefs {
    const { catalogue } = this.#context;
    const { launch, service, tail, calls, losses, together } = this.#state;
    const measured = <T>(of: Record<string, T>, tell: (key: string, value: T) => number): Record<string, number> =>
      Object.fromEntries(Object.entries(of).map(([key, value]) => [key, tell(key, value)]));
    const typeOf = (key: string) =>
      catalogue.instances.find(({ name }) => name === key || key === `instances.${name}.spot`);
    return {
      launchS: measured(launch, (key, value) => {
        const type = typeOf(key);
        return believed(value, type === undefined ? 0 : meanDurationS(type.launchS), LAUNCH.prior);
      }),
      slowdown: measured(service, (_, value) => believed(value, 0, SERVICE.prior)),
      serviceTail: measured(tail, (_, value) => Math.exp(believed(value, 0, SERVICE.prior))),
      callUsd: modelledCallUsd === null ? null : believed(calls, modelledCallUsd, CALLS.prior),
      lossesPerS: measured(losses, (key, { sum, weight }) => {
        const perS = (typeOf(key)?.spotInterruptionsPerHour ?? 0) / 3600;
        return perS > 0 ? (LOSSES.prior + sum) / (LOSSES.prior / perS + weight) : sum / (UNLISTED_PRIOR_S + weight);
      }),
      lossShare: measured(together, (_, value) => believed(value, LOSS_SHARE, LOSSES.prior)),
    };
  }

  save(): Saved {
    return structuredClone(this.#state);
  }

  restore(saved: Saved): void {
    this.#state = structuredClone(saved);
  }

  #service({ metrics, fleet, configuration }: ClusterState): void {
    const { service, meanBatchSize, requests } = metrics;
    const ready = Object.entries(fleet).filter(([, count]) => count.ready > 0);
    const [only] = ready;
    if (service === null || meanBatchSize === null || only === undefined || ready.length > 1) return;
    const [host] = only;
    const low = Math.max(1, Math.floor(meanBatchSize));
    const share = meanBatchSize - low;
    const modelled = (batch: number): number => this.#context.model.serviceMs(host, configuration, batch);
    const expectedMs = share > 0 ? (1 - share) * modelled(low) + share * modelled(low + 1) : modelled(low);
    if (!(service.meanMs > 0 && expectedMs > 0 && requests > 0)) return;
    const slowdown = Math.log(service.meanMs / expectedMs);
    this.#state.service[host] = add(this.#state.service[host], slowdown, requests / meanBatchSize, SERVICE.limit);
  }

  #tail(state: ClusterState): void {
    const tail = measuredTail(state, this.#context.objective);
    const host = Object.entries(state.fleet).find(([, count]) => count.ready > 0)?.[0];
    if (tail === null || host === undefined) return;
    const batches = state.metrics.requests / (state.metrics.meanBatchSize ?? 1);
    this.#state.tail[host] = add(this.#state.tail[host], Math.log(tail), batches, SERVICE.limit);
  }

  #price({ metrics, fleet }: ClusterState): void {
    const calls = metrics.offloadedShare * metrics.requests;
    if (calls < 1) return;
    const rentUsd = this.#context.catalogue.instances.reduce((sum, type) => {
      const count = fleet[type.name];
      if (count === undefined) return sum;
      const machines = count.ready + count.draining + (type.billing.launchBilled ? count.launching : 0);
      const saved = Math.min(count.spot, machines) * (1 - (type.spotPriceRatio ?? 1));
      return sum + ((machines - saved) * type.usdPerHour * metrics.durationS) / 3600;
    }, 0);
    const usd = Math.max(0, metrics.costUsd - rentUsd) / calls;
    this.#state.calls = add(this.#state.calls, usd, calls, CALLS.limit);
  }

  /** Orders, arrivals and losses of one type since the last window. */
  #machines({ timeS, metrics, fleet, configuration, inFlight }: ClusterState, host: string): void {
    const count = fleet[host];
    if (count === undefined) return;
    const target = inFlight ?? configuration;
    const spotKnob = `instances.${host}.spot`;
    const asked = numberAt(target, `instances.${host}.onDemand`, 0) + numberAt(target, spotKnob, 0);
    const missing = Math.max(0, asked - count.ready - count.launching);
    const last = this.#state.last[host];
    this.#state.last[host] = { asked, ready: count.ready, missing };
    if (last === undefined) {
      // Machines on their way at first sight were ordered, not lost.
      this.#state.orders[host] =
        count.launching > 0 ? [{ timeS: timeS - metrics.durationS, count: count.launching }] : [];
      return;
    }
    const more = Math.max(0, asked - last.asked);
    const fewer = Math.max(0, last.asked - asked);
    const middleS = timeS - metrics.durationS / 2;
    const orders = this.#state.orders[host] ?? [];
    if (more > 0) orders.push({ timeS: timeS - metrics.durationS, count: more });
    takeFrom(orders, fewer, "latest");
    const arrived = Math.min(ordered(orders) - count.launching, count.ready - last.ready + fewer);
    for (let left = arrived; left > 0 && orders.length > 0; ) {
      const delayS = Math.max(0, middleS - (orders[0]?.timeS ?? middleS));
      const taken = takeFrom(orders, Math.min(left, orders[0]?.count ?? 0), "oldest");
      left -= taken;
      this.#state.launch[host] = add(this.#state.launch[host], delayS, taken, LAUNCH.limit);
    }
    const refused = takeFrom(orders, ordered(orders) - count.launching, "oldest");
    const again = Math.max(0, count.launching - ordered(orders));
    if (refused + again > 0) orders.push({ timeS: middleS, count: refused + again });
    this.#state.orders[host] = orders;
    const lost = again + Math.max(0, missing - last.missing - more);
    if (numberAt(target, spotKnob, 0) > 0) this.#losses(spotKnob, lost, count.spot, metrics.durationS);
  }

  #losses(knob: string, lost: number, spot: number, durationS: number): void {
    const { sum, weight } = this.#state.losses[knob] ?? { sum: 0, weight: 0 };
    const kept = sum + lost > LOSSES.limit ? 0.5 : 1;
    this.#state.losses[knob] = { sum: kept * sum + lost, weight: kept * weight + spot * durationS };
    if (lost === 0) return;
    this.#state.together[knob] = add(
      this.#state.together[knob],
      Math.min(1, lost / Math.max(lost, spot)),
      1,
      LOSSES.limit,
    );
  }
}

/** How far what was measured may be off what rules were learnt by before they are learnt again; ratios either way. */
const STRAYED = { launches: 1.5, service: 1.2, calls: 1.5 };

/**
 * What of a host was measured to be far off what rules were learnt by, in words; null where nothing was.
 * @param listed what stands for a belief that is missing: launch delay and price of a call
 */
export function strayed(
  host: string,
  learntBy: FleetBeliefs,
  measured: FleetBeliefs,
  listed: { readonly launchS: number; readonly callUsd: number },
): string | null {
  const launchS = ({ launchS }: FleetBeliefs): number => launchS[host] ?? listed.launchS;
  const ratios = {
    launches: launchS(measured) / launchS(learntBy),
    service: Math.exp((measured.slowdown[host] ?? 0) - (learntBy.slowdown[host] ?? 0)),
    calls: (measured.callUsd ?? listed.callUsd) / (learntBy.callUsd ?? listed.callUsd),
  };
  const far = (ratio: number, most: number): boolean =>
    ratio > 0 && Number.isFinite(ratio) && Math.max(ratio, 1 / ratio) > most;
  if (far(ratios.calls, STRAYED.calls)) return `calls cost ${ratios.calls.toFixed(2)} of what was thought`;
  if (far(ratios.launches, STRAYED.launches)) return `launches take ${ratios.launches.toFixed(2)} of what was thought`;
  if (far(ratios.service, STRAYED.service)) return `service takes ${ratios.service.toFixed(2)} of what was thought`;
  return null;
}

type Orders = { timeS: number; count: number }[];

function ordered(orders: Orders): number {
  return orders.reduce((sum, order) => sum + order.count, 0);
}

/** Takes up to `most` machines from the oldest or the latest orders. @returns how many were taken */
function takeFrom(orders: Orders, most: number, from: "oldest" | "latest"): number {
  let left = most;
  while (left > 0) {
    const order = from === "oldest" ? orders[0] : orders.at(-1);
    if (order === undefined) break;
    const taken = Math.min(order.count, left);
    order.count -= taken;
    left -= taken;
    if (order.count === 0) orders.splice(from === "oldest" ? 0 : orders.length - 1, 1);
  }
  return Math.max(0, most) - Math.max(0, left);
}
