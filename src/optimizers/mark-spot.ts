// MArk on spot machines too: stateless serving survives a revocation, so a spot machine is a cheaper server.
//
// As mark.ts, with every spot market an option of its own; a machine that is lost `h` times an hour pays its launch
// again, so that its price is  p_spot + h * p_spot * launch time.
// Source: C. Zhang et al., "MArk", USENIX ATC 2019, sections 2.2 and 5 (spot).

import { defineOptimizer } from "./entry.ts";
import { forecastChoices } from "./forecast-input.ts";
import { mark, solveMark } from "./mark.ts";

export const markSpot = defineOptimizer({
  name: "mark-spot",
  summary: "MArk with spot machines among its options",
  settings: { overprovision: 1.2, deadlineShare: 0.96, forecast: "given" },
  bounds: { overprovision: [0.1, 10], deadlineShare: [0.1, 1] },
  choices: { forecast: forecastChoices },
  sweep: {
    overprovision: mark.sweep.flatMap(({ overprovision }) =>
      typeof overprovision === "number" ? [overprovision] : [],
    ),
  },
  solve: (problem, settings) => solveMark(problem, settings, "mark-spot", true),
});
