// Last value: the next steps are like the last one; what every other method has to beat.
//
// rate(t+h) = rate(t)

import { defineForecaster } from "./forecaster.ts";

export const lastValue = defineForecaster({
  name: "last-value",
  summary: "the next steps are like the last one",
  settings: {},
  bounds: {},
  create: () => {
    let last = 0;
    return {
      observe: (rateRps) => {
        last = rateRps;
      },
      ratesRps: (horizon) => new Array<number>(horizon).fill(last),
    };
  },
});
