// Exhaustive search: every allowed configuration once, in canonical order, then the best again and again.

import type { Search } from "../../core/index.ts";
import { defineSearch } from "./entry.ts";
import { Measurements } from "./measurements.ts";

export const exhaustive = defineSearch({
  name: "exhaustive",
  summary: "every configuration once, in order",
  settings: {},
  create(context): Search {
    const { lattice } = context;
    const measurements = new Measurements(context);
    let next = 0;
    return {
      ask() {
        while (next < lattice.count) {
          const configuration = lattice.configuration(next++);
          if (lattice.allowed(configuration))
            return { configuration, reason: `configuration ${next} of ${lattice.count}` };
        }
        return { configuration: measurements.best(), reason: "every configuration is measured: the best" };
      },
      tell(configuration, measured) {
        measurements.add(configuration, measured);
      },
      best: () => measurements.best(),
    };
  },
});
