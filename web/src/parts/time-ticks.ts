// Round times for an axis.

const STEPS_S = [1, 5, 15, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];

/** Round times of a span, at most so many. */
export function timeTicks(fromS: number, toS: number, most: number): number[] {
  const stepS = STEPS_S.find((step) => (toS - fromS) / step <= most) ?? Math.ceil((toS - fromS) / most);
  const first = Math.ceil(fromS / stepS) * stepS;
  return Array.from({ length: Math.max(0, Math.floor((toS - first) / stepS) + 1) }, (_, i) => first + i * stepS);
}

/** Whole numbers of a span, at most so many. */
export function wholeTicks(from: number, to: number, most: number): number[] {
  const step = Math.max(1, Math.ceil((to - from) / most));
  const first = Math.ceil(from / step) * step;
  return Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, i) => first + i * step);
}
