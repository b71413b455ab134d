import type { PolicyScore } from "../../src/training/index.ts";
import { pairedCost } from "../../src/training/index.ts";

function score(name: string, usdByDay: readonly number[]): PolicyScore {
  return {
    name,
    usd: 1,
    usdPerMillion: 1,
    costToBound: null,
    slo: [],
    met: true,
    hoursMissed: 0,
    latencyMs: { mean: 1, p50: 1, p95: 1, p99: 1 },
    offloadedShare: 0,
    dropped: 0,
    instanceHours: {},
    periods: { lengthS: 86_400, costs: usdByDay.map((usd, period) => ({ seed: 1, period, usd, requests: 10 })) },
    decisions: 1,
    decisionMicros: { p50: 1, p99: 1 },
  };
}

test("days are paired, and the interval is Student's on logarithms of their ratios", () => {
  const paired = pairedCost(score("a", [2, 8]), score("b", [4, 4]));
  // Ratios 1/2 and 2: logs ∓.693, mean 0, s = .980; t_{.975, 1} = 12.706, so ± 12.706 · .980 / √2 = ± 8.807.
  expect(paired?.ratios).toEqual([0.5, 2]);
  expect(paired).toMatchObject({ name: "a", against: "b", periodS: 86_400, cheaperIn: 1 });
  expect(paired?.ratio).toBeCloseTo(1, 12);
  expect(Math.log(paired?.interval?.[1] ?? 0)).toBeCloseTo(8.807, 2);
});

test("a day that only one was scored on says nothing", () => {
  expect(pairedCost(score("a", [1, 1, 1]), score("b", [2]))?.ratios).toEqual([0.5]);
  expect(pairedCost(score("a", []), score("b", [2]))).toBeNull();
});
