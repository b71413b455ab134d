import fc from "fast-check";
import { greedyPlan, type PlanOption } from "../../src/optimizers/index.ts";

function option(fields: Partial<PlanOption>): PlanOption {
  return { capacityRps: 1, usdPerHour: 1, launchUsd: 0, running: 0, limit: 100, ...fields };
}

test("a steady need is met by the least price per request, plus what is left over", () => {
  // 0.085/4.73 = 0.0180, 0.17/8.17 = 0.0208, 0.526/110 = 0.0048 USD/h per request/s; MArk's rates (systems.md 3).
  const types = [
    option({ capacityRps: 284 / 60, usdPerHour: 0.085 }),
    option({ capacityRps: 490 / 60, usdPerHour: 0.17 }),
    option({ capacityRps: 110, usdPerHour: 0.526 }),
  ];
  // 200: one large machine leaves 90. For 90: large 0.526/90 = 0.0058 < 0.018, so another one.
  expect(greedyPlan(types, [200, 200, 200], 60, 6)).toEqual({ counts: [0, 0, 2], uncoveredRps: 0 });
  // 115: after one large 5 are left: 0.526/5 = 0.105 > 0.17/5 = 0.034 > 0.085/4.73; then 0.27: the cheapest in price.
  expect(greedyPlan(types, [115, 115, 115], 60, 6)).toEqual({ counts: [2, 0, 1], uncoveredRps: 0 });
});

test("keeping is preferred to launching when the launch costs more than the difference in rent", () => {
  // Span of 3 minutes = 0.05 h. New: (0.08·0.05 + 0.0033)/(3·5) = 0.00049; running: 0.1·0.05/(3·5) = 0.00033.
  const fresh = option({ capacityRps: 5, usdPerHour: 0.08, launchUsd: 0.0033 });
  const running = option({ capacityRps: 5, usdPerHour: 0.1, launchUsd: 0.0033, running: 1 });
  expect(greedyPlan([fresh, running], [5, 5, 5], 60, 6).counts).toEqual([0, 1]);
  // Over 50 minutes the rent decides: 0.08·0.83 + 0.0033 = 0.0700 < 0.1·0.83 = 0.0833.
  expect(greedyPlan([fresh, running], new Array(50).fill(5), 60, 6).counts).toEqual([1, 0]);
});

test("only needs of the next steps are planned for, but a span counts as long as it lasts", () => {
  const types = [option({ capacityRps: 10 })];
  expect(greedyPlan(types, [5, 5, 5, 5, 5, 5, 50], 60, 6).counts).toEqual([1]);
  expect(greedyPlan(types, [5, 5, 5, 5, 5, 50, 50], 60, 6).counts).toEqual([5]);
});

test("what no server is left for is said", () => {
  expect(greedyPlan([option({ capacityRps: 10, limit: 2 })], [35], 60, 6)).toEqual({ counts: [2], uncoveredRps: 15 });
  expect(greedyPlan([], [35], 60, 6)).toEqual({ counts: [], uncoveredRps: 35 });
  expect(greedyPlan([option({})], [0, 0], 60, 6)).toEqual({ counts: [0], uncoveredRps: 0 });
});

/** The rule as the page states it, without sorting: what the fast one must equal. */
function plainPlan(options: readonly PlanOption[], forecast: readonly number[], stepS: number, ahead: number) {
  const counts = options.map(() => 0);
  for (;;) {
    const resid = forecast.map(
      (rate) => rate - options.reduce((sum, o, i) => sum + o.capacityRps * (counts[i] ?? 0), 0),
    );
    const near = resid.slice(0, ahead);
    const at = near.indexOf(Math.max(...near));
    if (!((resid[at] ?? 0) > 1e-9)) return counts;
    let end = at;
    while (end < resid.length && (resid[end] ?? 0) > 0) end++;
    const span = resid.slice(at, end);
    const costs = options.map((o, i) => {
      if ((counts[i] ?? 0) >= o.limit) return Number.POSITIVE_INFINITY;
      const served = span.reduce((sum, rate) => sum + Math.min(o.capacityRps, rate), 0);
      const launch = (counts[i] ?? 0) < o.running ? 0 : o.launchUsd;
      return (o.usdPerHour * span.length * (stepS / 3600) + launch) / served;
    });
    const best = costs.indexOf(Math.min(...costs));
    if (!Number.isFinite(costs[best])) return counts;
    counts[best] = (counts[best] ?? 0) + 1;
  }
}

test("it is the plain rule, only faster", () => {
  const anOption = fc.record({
    capacityRps: fc.integer({ min: 1, max: 40 }),
    usdPerHour: fc.integer({ min: 1, max: 50 }).map((cents) => cents / 100),
    launchUsd: fc.integer({ min: 0, max: 20 }).map((cents) => cents / 1000),
    running: fc.integer({ min: 0, max: 3 }),
    limit: fc.integer({ min: 0, max: 6 }),
  });
  fc.assert(
    fc.property(
      fc.array(anOption, { minLength: 1, maxLength: 5 }),
      fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 12 }),
      (options, forecast) => {
        expect(greedyPlan(options, forecast, 60, 6).counts).toEqual(plainPlan(options, forecast, 60, 6));
      },
    ),
    { numRuns: 200 },
  );
});
