// Random durations: launch delays, cold starts, outages, times to failure.

import type { DurationSpec, Random } from "../core/index.ts";

/** A standard normal number, by Box and Muller (1958). */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** One draw, in s, at least 0. */
export function drawDurationS(spec: DurationSpec, random: Random): number {
  if ("constant" in spec) return spec.constant;
  if ("uniform" in spec) return spec.uniform[0] + (spec.uniform[1] - spec.uniform[0]) * random.next();
  if ("exponential" in spec) return -Math.log(1 - random.next()) * spec.exponential;
  const variance = Math.log1p(spec.lognormal.cv ** 2);
  return spec.lognormal.mean * Math.exp(Math.sqrt(variance) * normal(random) - variance / 2);
}

/** Time to the next of events that come at a rate per hour; Infinity when the rate is 0. */
export function drawWaitS(ratePerHour: number, random: Random): number {
  return ratePerHour > 0 ? (-Math.log(1 - random.next()) * 3600) / ratePerHour : Number.POSITIVE_INFINITY;
}
