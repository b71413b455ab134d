// Random search: allowed configurations in random order, none twice before all were tried.
//
// Source: J. Bergstra, Y. Bengio, "Random Search for Hyper-Parameter Optimization", JMLR 2012.

import type { Search } from "../../core/index.ts";
import { listCandidates, shuffled } from "./candidates.ts";
import { defineSearch } from "./entry.ts";
import { Measurements } from "./measurements.ts";

export const randomSearch = defineSearch({
  name: "random",
  summary: "random configurations, the best kept",
  settings: {},
  create(context): Search {
    const measurements = new Measurements(context);
    const candidates = listCandidates(context.lattice, context.random.split("candidates"));
    const order = shuffled(candidates.length, context.random.split("order"));
    let turn = 0;
    return {
      ask() {
        const candidate = candidates[order[turn++ % order.length] ?? 0];
        return { configuration: candidate?.configuration ?? measurements.best(), reason: `random draw ${turn}` };
      },
      tell(configuration, measured) {
        measurements.add(configuration, measured);
      },
      best: () => measurements.best(),
    };
  },
});
