import type { PolicyScore } from "../../src/training/index.ts";
import { cheapestPassing, sweptNames } from "../../src/training/sweep.ts";
import { machines, problem } from "../optimizers/problems.ts";

const { lattice } = problem(machines);

function score(name: string, usd: number, hoursMissed: number): PolicyScore {
  return {
    name,
    usd,
    usdPerMillion: usd,
    costToBound: null,
    slo: [],
    met: hoursMissed === 0,
    hoursMissed,
    latencyMs: { mean: 0, p50: 0, p95: 0, p99: 0 },
    offloadedShare: 0,
    dropped: 0,
    instanceHours: {},
    periods: { lengthS: 3600, costs: [] },
    decisions: 0,
    decisionMicros: { p50: 0, p99: 0 },
  };
}

test("a sweep shows the cheapest setting that met its SLO, not the cheapest of all", () => {
  expect(cheapestPassing([score("a", 1, 3), score("b", 5, 0), score("c", 4, 0)]).name).toBe("c");
});

test("where no setting met its SLO, the one that missed the fewest hours is shown, the cheaper at a tie", () => {
  expect(cheapestPassing([score("a", 1, 3), score("b", 9, 2), score("c", 8, 2)]).name).toBe("c");
});

test("optimizers with settings worth trying are expanded, everything else is left as asked", () => {
  expect(sweptNames("static-best", lattice).length).toBeGreaterThan(2);
  expect(new Set(sweptNames("static-best", lattice)).size).toBe(sweptNames("static-best", lattice).length);
  expect(sweptNames("static", lattice)).toEqual(["static"]);
  expect(sweptNames("mark:overprovision=1.3", lattice)).toEqual(["mark:overprovision=1.3"]);
  expect(sweptNames("t1", lattice)).toEqual(["t1"]);
});
