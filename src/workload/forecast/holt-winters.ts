// Holt-Winters: level, damped trend and a season, additive.
//
// level'  = α (y - season[t mod m]) + (1 - α)(level + φ trend)
// trend'  = β (level' - level) + (1 - β) φ trend
// season[t mod m] += γ (y - level' - season[t mod m])        y(t+h) = level + (φ + … + φ^h) trend + season[(t+h) mod m]
// Source: P. Winters, Management Science 1960; damped trend: E. Gardner, E. McKenzie, 1985.
// Differs: the season starts at zero and counts once a whole one was seen; forecasts are never below 0.

import { defineForecaster } from "./forecaster.ts";

export const holtWinters = defineForecaster({
  name: "holt-winters",
  summary: "level, damped trend and season",
  settings: { level: 0.3, trend: 0.05, season: 0.2, damping: 0.9, seasonS: 86_400 },
  bounds: { level: [1e-6, 1], trend: [0, 1], season: [0, 1], damping: [0, 1], seasonS: [0, 31_536_000] },
  create: (stepS, settings) => {
    const { level: alpha, trend: beta, season: gamma, damping } = settings;
    const period = Math.round(settings.seasonS / stepS);
    const seasons = new Float64Array(Math.max(1, period));
    const first: number[] = [];
    let level = 0;
    let trend = 0;
    let t = 0;

    const at = (step: number): number => (t > period && period > 1 ? (seasons[step % period] ?? 0) : 0);
    /** After the first whole season: its steps around their mean. */
    const startSeason = (): void => {
      const mean = first.reduce((sum, rate) => sum + rate, 0) / first.length;
      first.forEach((rate, i) => {
        seasons[i] = rate - mean;
      });
      level = mean;
      trend = 0;
    };

    return {
      observe: (rateRps) => {
        if (t < period) first.push(rateRps);
        if (t === 0) level = rateRps;
        else {
          const before = level;
          const drift = damping * trend;
          level = alpha * (rateRps - at(t)) + (1 - alpha) * (before + drift);
          trend = beta * (level - before) + (1 - beta) * drift;
          if (t > period && period > 1) {
            const place = t % period;
            seasons[place] = (seasons[place] ?? 0) + gamma * (rateRps - level - (seasons[place] ?? 0));
          }
        }
        t += 1;
        if (t === period && period > 1) {
          const last = rateRps;
          startSeason();
          level = last - (seasons[period - 1] ?? 0);
        }
      },
      ratesRps: (horizon) => {
        let drift = 0;
        let factor = 1;
        return Array.from({ length: horizon }, (_, h) => {
          factor *= damping;
          drift += factor * trend;
          const season = t >= period && period > 1 ? (seasons[(t + h) % period] ?? 0) : 0;
          return Math.max(0, level + drift + season);
        });
      },
    };
  },
});
