// Times to rare events.

import type { Random } from "../core/index.ts";
import { exponential } from "../math/index.ts";

/** Time to the next of events that come at a rate per hour; Infinity when the rate is 0. */
export function drawWaitS(ratePerHour: number, random: Random): number {
  return ratePerHour > 0 ? (exponential(random) * 3600) / ratePerHour : Number.POSITIVE_INFINITY;
}
