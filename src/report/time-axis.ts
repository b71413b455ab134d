// Ticks at round times of a cluster's clock.

import { scaleLinear } from "d3-scale";
import { type Axis, PLOT } from "./chart.ts";
import { clockText } from "./format.ts";

/** Distances between ticks: from seconds to weeks. */
const STEPS_S = [1, 5, 15, 60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];

const MOST_TICKS = 6;

/** Round times of a span, at most six. */
export function timeTicks(fromS: number, toS: number): number[] {
  const stepS = STEPS_S.find((step) => (toS - fromS) / step <= MOST_TICKS) ?? Math.ceil((toS - fromS) / MOST_TICKS);
  const first = Math.ceil(fromS / stepS) * stepS;
  return Array.from({ length: Math.floor((toS - first) / stepS) + 1 }, (_, i) => first + i * stepS);
}

/** The axis of a span of cluster time. */
export function timeAxis(fromS: number, toS: number): Axis {
  return {
    scale: scaleLinear([fromS, toS], PLOT.x),
    label: "time of the cluster",
    text: clockText,
    ticks: timeTicks(fromS, toS),
  };
}
