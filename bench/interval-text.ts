// Figures with intervals in the JSON of benchmarks, read and written as text.

import { z } from "zod";

/** A figure with its interval. */
export const intervalSchema = z.object({ value: z.number(), low: z.number(), high: z.number() });

/** "value (low to high)", "–" for none. @param scale 100 for shares shown in per cent */
export function intervalText(interval: z.infer<typeof intervalSchema> | null, digits: number, scale = 1): string {
  if (interval === null) return "–";
  const [value, low, high] = [interval.value, interval.low, interval.high].map((x) => (scale * x).toFixed(digits));
  return `${value} (${low} to ${high})`;
}
