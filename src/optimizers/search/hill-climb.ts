// Hill climbing: one step along one knob at a time, to the first neighbour that is better; restarts on every summit.
//
// Source: the textbook (S. Russell, P. Norvig, "Artificial Intelligence", first-choice hill climbing with restarts).

import type { Configuration, Search } from "../../core/index.ts";
import { shuffled } from "./candidates.ts";
import { defineSearch } from "./entry.ts";
import { type Measured, Measurements, startOf } from "./measurements.ts";

export const hillClimb = defineSearch({
  name: "hill-climb",
  summary: "steps along single knobs to whatever is better, random restarts on summits",
  settings: {},
  create(context): Search {
    const { lattice } = context;
    const measurements = new Measurements(context);
    const random = context.random.split("steps");
    let home: Measured | null = null;
    let queue: Configuration[] = [startOf(lattice, context.initial)];
    let reason = "the start";

    /** Neighbours one step along one knob that are not measured yet, in random order. */
    const steps = (from: Configuration): Configuration[] => {
      const centre = lattice.coordinates(from);
      const single = lattice.knobs.flatMap((knob, k): Configuration[] =>
        [-1, 1].flatMap((step): Configuration[] => {
          const position = (centre[k] ?? 0) + step;
          if (position < 0 || position >= knob.values.length) return [];
          const neighbor = lattice.at(centre.map((value, i) => (i === k ? position : value)));
          return lattice.allowed(neighbor) && !measurements.has(lattice.index(neighbor)) ? [neighbor] : [];
        }),
      );
      return shuffled(single.length, random)
        .map((i) => single[i])
        .filter((c) => c !== undefined);
    };

    return {
      ask() {
        const next = queue[0];
        if (next !== undefined) return { configuration: next, reason };
        home = null;
        queue = [lattice.sample(random)];
        reason = "restart: no step from the last summit is better";
        return { configuration: queue[0] ?? measurements.best(), reason };
      },
      tell(configuration, measured) {
        const record = measurements.add(configuration, measured);
        queue = queue.slice(1);
        if (home !== null && !measurements.better(record, home)) return;
        home = record;
        queue = steps(configuration);
        reason = "a step from the best of this climb";
      },
      best: () => measurements.best(),
    };
  },
});
