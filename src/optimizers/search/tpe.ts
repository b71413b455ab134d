// The tree-structured Parzen estimator: propose what is likely among the good and unlikely among the rest.
//
// split at the γ-quantile of the value:  l(x) from the good, g(x) from the others, each a product over knobs of
//   smoothed histograms over positions;   of `draws` samples of l the one with the largest l/g is next
// Source: J. Bergstra, R. Bardenet, Y. Bengio, B. Kégl, "Algorithms for Hyper-Parameter Optimization", NIPS 2011.
// Differs: ordered discrete knobs, so the Parzen windows are triangles over lattice steps plus a uniform prior.

import type { Search } from "../../core/index.ts";
import { defineSearch } from "./entry.ts";
import { type Measured, Measurements, startOf } from "./measurements.ts";

const PRIOR_WEIGHT = 1;
const ATTEMPTS = 20;

export const tpe = defineSearch({
  name: "tpe",
  summary: "tree-structured Parzen estimator",
  settings: { goodShare: 0.2, draws: 24, firstPoints: 8 },
  create(context, { goodShare, draws, firstPoints }): Search {
    const { lattice } = context;
    const measurements = new Measurements(context);
    const random = context.random.split("draws");
    let told = 0;

    /** Probability of each position of each knob, shape [knobs][values]. */
    const density = (records: readonly Measured[]): Float64Array[] => {
      const coordinates = records.map((record) => lattice.coordinates(record.configuration));
      return lattice.knobs.map((knob, k) => {
        const count = knob.values.length;
        const width = Math.max(1, count / 5);
        const weights = new Float64Array(count).fill(PRIOR_WEIGHT / count);
        for (const coordinate of coordinates) {
          const centre = coordinate[k] ?? 0;
          const window = weights.map((_, position) => Math.max(0, 1 - Math.abs(position - centre) / width));
          const area = window.reduce((sum, value) => sum + value, 0);
          window.forEach((value, position) => {
            weights[position] = (weights[position] ?? 0) + value / area;
          });
        }
        const total = weights.reduce((sum, value) => sum + value, 0);
        return weights.map((value) => value / total);
      });
    };
    const draw = (density: Float64Array): number => {
      let u = random.next();
      for (let position = 0; position < density.length; position++) {
        u -= density[position] ?? 0;
        if (u <= 0) return position;
      }
      return density.length - 1;
    };
    const logOf = (densities: readonly Float64Array[], positions: readonly number[]): number =>
      positions.reduce((sum, position, k) => sum + Math.log(densities[k]?.[position] ?? 1e-12), 0);

    return {
      ask() {
        if (told === 0) return { configuration: startOf(lattice, context.initial), reason: "tpe: the start" };
        if (told <= firstPoints) return { configuration: lattice.sample(random), reason: "tpe: a first random point" };
        const sorted = [...measurements.all].sort((a, b) => measurements.value(a) - measurements.value(b));
        const good = Math.max(1, Math.ceil(goodShare * sorted.length));
        const likely = density(sorted.slice(0, good));
        const unlikely = density(sorted.slice(good));
        let best = measurements.best();
        let bestRatio = Number.NEGATIVE_INFINITY;
        for (let i = 0; i < draws; i++) {
          for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
            const positions = likely.map(draw);
            const configuration = lattice.at(positions);
            if (!lattice.allowed(configuration) || measurements.has(lattice.index(configuration))) continue;
            const ratio = logOf(likely, positions) - logOf(unlikely, positions);
            if (ratio > bestRatio) {
              best = configuration;
              bestRatio = ratio;
            }
            break;
          }
        }
        return { configuration: best, reason: `tpe: log density ratio ${bestRatio.toFixed(2)}` };
      },
      tell(configuration, measured) {
        told += 1;
        measurements.add(configuration, measured);
      },
      best: () => measurements.best(),
    };
  },
});
