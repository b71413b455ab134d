// GP-UCB: the candidate whose optimistic value is least, under a Gaussian process with fixed length-scales.
//
// next = argmin of  mean(x) - β deviation(x),   Matérn-5/2 on the unit cube;   value = log latency, or log cost plus a
// penalty for log latency over the SLO
// Source: N. Srinivas, A. Krause, S. Kakade, M. Seeger, "Gaussian Process Optimization in the Bandit Setting", ICML 2010.
// Differs: β is a constant, as is usual in practice.

import { defineSearch } from "./entry.ts";
import { gpSearch } from "./gp-search.ts";
import { Surrogate } from "./surrogate.ts";

export const gpUcb = defineSearch({
  name: "gp-ucb",
  summary: "Gaussian process, upper confidence bound, fixed length-scales",
  settings: { beta: 2 },
  create: (context, { beta }) =>
    gpSearch(context, "gp-ucb", (candidates, measurements) => {
      const surrogate = new Surrogate(candidates, false);
      return {
        observe(records, points) {
          surrogate.observe(
            points,
            records.map((record) => measurements.value(record)),
          );
        },
        score(_candidate, position) {
          const { mean, deviation } = surrogate.belief(position);
          return beta * deviation - mean;
        },
        exhausted: () => false,
      };
    }),
});
