// Moving window: the mean, or the highest, of the last steps.
//
// rate(t+h) = (1 - peak) * mean + peak * max of the last n steps

import { defineForecaster } from "./forecaster.ts";

export const movingWindow = defineForecaster({
  name: "moving-window",
  summary: "the mean of the last steps, or their peak",
  settings: { steps: 5, peak: 0 },
  bounds: { steps: [1, 100_000], peak: [0, 1] },
  create: (_stepS, { steps, peak }) => {
    const window: number[] = [];
    return {
      observe: (rateRps) => {
        window.push(rateRps);
        if (window.length > steps) window.shift();
      },
      ratesRps: (horizon) => {
        const mean = window.reduce((sum, rate) => sum + rate, 0) / Math.max(1, window.length);
        const rate = (1 - peak) * mean + peak * Math.max(0, ...window);
        return new Array<number>(horizon).fill(rate);
      },
    };
  },
});
