// Figures with their intervals, as tables show them.

import type { Figure } from "../../bench/resampling.ts";

/** A figure with its interval. @param scale 100 for shares shown in per cent */
export function figureText(figure: Figure | null, digits: number, scale = 1): string {
  if (figure === null) return "–";
  const [value, low, high] = [figure.value, figure.low, figure.high].map((one) => (scale * one).toFixed(digits));
  return `${value} (${low} – ${high})`;
}
