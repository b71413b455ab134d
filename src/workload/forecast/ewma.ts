// Exponentially weighted moving average.
//
// level += weight * (rate - level);   rate(t+h) = level
// Source: S. W. Roberts, "Control Chart Tests Based on Geometric Moving Averages", Technometrics 1959.

import { defineForecaster } from "./forecaster.ts";

export const ewma = defineForecaster({
  name: "ewma",
  summary: "exponentially weighted moving average",
  settings: { weight: 0.3 },
  bounds: { weight: [1e-6, 1] },
  create: (_stepS, { weight }) => {
    let level: number | null = null;
    return {
      observe: (rateRps) => {
        level = level === null ? rateRps : level + weight * (rateRps - level);
      },
      ratesRps: (horizon) => new Array<number>(horizon).fill(level ?? 0),
    };
  },
});
