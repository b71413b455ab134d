// Static: the scenario's initial configuration, whatever comes; the rule every other method must beat.
//
// configuration(t) = initial

import { defineOptimizer } from "./entry.ts";
import { settle } from "./solution.ts";

export const staticConfiguration = defineOptimizer({
  name: "static",
  summary: "the scenario's initial configuration for ever",
  settings: {},
  solve: (problem) =>
    settle(problem, problem.initial, "static: the scenario's initial configuration, whatever the load"),
});
