// A small learned model: recursive ridge regression on log-rate lags, with forgetting.
//
// x = (1, ln(r[t-i] / m)) for lags i, m the mean of the lags;   y = ln(r[t+1] / m)
// K = P x / (μ + xᵀ P x);   w += K (y - wᵀ x);   P = (P - K xᵀ P)/μ;   P starts at I / ridge
// rates further ahead feed the model its own forecasts
// Source: L. Ljung, "System Identification", 1999, section 11.2 (recursive least squares with forgetting).
// Differs: the covariance P is held at its start where forgetting would let it grow beyond.

import { defineForecaster } from "./forecaster.ts";

/** Keeps logarithms finite when nothing arrives. */
const FLOOR_RPS = 1e-3;
/** Log ratios per step beyond this are not believed. */
const LARGEST_STEP = 1.5;

export const ridge = defineForecaster({
  name: "ridge",
  summary: "recursive ridge regression on log-rate lags, learned as it goes",
  settings: { lags: 6, ridge: 0.1, forgetting: 0.998 },
  bounds: { lags: [1, 64], ridge: [1e-9, 1e6], forgetting: [0.9, 1] },
  create: (_stepS, settings) => {
    const { lags, forgetting } = settings;
    const size = lags + 1;
    const weights = new Float64Array(size);
    const covariance = Array.from({ length: size }, (_, i) =>
      Float64Array.from({ length: size }, (_, j) => (i === j ? 1 / settings.ridge : 0)),
    );
    const recent: number[] = [];

    const features = (window: readonly number[]): { x: Float64Array; mean: number } => {
      const mean = window.reduce((sum, rate) => sum + rate, 0) / window.length + FLOOR_RPS;
      const x = new Float64Array(size);
      x[0] = 1;
      window.forEach((rate, i) => {
        x[window.length - i] = Math.log((rate + FLOOR_RPS) / mean);
      });
      return { x, mean };
    };
    const predict = (x: Float64Array): number => x.reduce((sum, value, i) => sum + value * (weights[i] ?? 0), 0);

    const learn = (x: Float64Array, y: number): void => {
      const px = covariance.map((row) => row.reduce((sum, value, j) => sum + value * (x[j] ?? 0), 0));
      const scale = forgetting + px.reduce((sum, value, i) => sum + value * (x[i] ?? 0), 0);
      const error = y - predict(x);
      px.forEach((value, i) => {
        weights[i] = (weights[i] ?? 0) + (value / scale) * error;
      });
      const trace = covariance.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
      const fade = trace / forgetting > size / settings.ridge ? 1 : forgetting;
      covariance.forEach((row, i) => {
        for (let j = 0; j < size; j++) row[j] = ((row[j] ?? 0) - ((px[i] ?? 0) * (px[j] ?? 0)) / scale) / fade;
      });
    };

    return {
      observe: (rateRps) => {
        if (recent.length === lags) {
          const { x, mean } = features(recent);
          learn(x, Math.log((rateRps + FLOOR_RPS) / mean));
        }
        recent.push(rateRps);
        if (recent.length > lags) recent.shift();
      },
      ratesRps: (horizon) => {
        const window = [...recent];
        return Array.from({ length: horizon }, () => {
          if (window.length < lags) return recent.at(-1) ?? 0;
          const { x, mean } = features(window);
          const step = Math.min(LARGEST_STEP, Math.max(-LARGEST_STEP, predict(x)));
          const next = Math.max(0, mean * Math.exp(step) - FLOOR_RPS);
          window.push(next);
          window.shift();
          return next;
        });
      },
    };
  },
});
