import { ConfigError, UnknownNameError } from "../../../src/core/index.ts";
import { expectedImprovement, SeededRandom } from "../../../src/math/index.ts";
import { createSearch, findSearch } from "../../../src/optimizers/index.ts";
import { surfaceSize, windowsToOptimum } from "../../contracts/search.ts";

function medianWindows(name: string, minimize: "cost" | "latency"): number {
  const runs = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((seed) =>
    windowsToOptimum(findSearch(name), seed, minimize, surfaceSize),
  );
  return runs.sort((a, b) => a - b)[4] ?? Number.POSITIVE_INFINITY;
}

test("exhaustive search finds the optimum by the end, and no search needs longer than that", () => {
  expect(windowsToOptimum(findSearch("exhaustive"), 1, "cost", surfaceSize)).toBeLessThanOrEqual(surfaceSize);
  for (const name of ["random", "gp-ucb", "gp-cei", "tpe"]) {
    expect(medianWindows(name, "cost")).toBeLessThanOrEqual(surfaceSize);
  }
});

test("on a smooth bowl the model-based searches need a fraction of random search's windows", () => {
  const byChance = medianWindows("random", "latency");
  for (const name of ["gp-cei", "gp-ucb", "tpe"]) expect(medianWindows(name, "latency")).toBeLessThan(byChance / 2);
  expect(medianWindows("gp-cei", "cost")).toBeLessThan(medianWindows("random", "cost"));
});

test("hill climbing and quick search reach the bottom of a bowl, which has no other summit", () => {
  expect(medianWindows("hill-climb", "latency")).toBeLessThan(surfaceSize / 3);
  expect(medianWindows("quick-search", "latency")).toBeLessThan(surfaceSize / 3);
});

test("expected improvement is the closed form, and what Monte Carlo says", () => {
  // μ = best: σ/√(2π); far below: the gap itself.
  expect(expectedImprovement(1, { mean: 1, deviation: 0.5 })).toBeCloseTo(0.5 / Math.sqrt(2 * Math.PI), 12);
  expect(expectedImprovement(5, { mean: 1, deviation: 1e-15 })).toBe(4);
  const random = new SeededRandom(1);
  let sum = 0;
  const draws = 200_000;
  for (let i = 0; i < draws; i++) {
    const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
    sum += Math.max(0, 1 - (1.3 + 0.7 * normal));
  }
  // Standard error of the mean is under 0.4/√200,000 = 0.001.
  expect(Math.abs(expectedImprovement(1, { mean: 1.3, deviation: 0.7 }) - sum / draws)).toBeLessThan(0.004);
});

test("a search is made by name and settings, and refused precisely", () => {
  const context = {
    lattice: { ...Object.create(null) },
    objective: Object.create(null),
    random: new SeededRandom(1),
  };
  expect(() => createSearch("grid", context)).toThrow(UnknownNameError);
  expect(() => createSearch("gp-cei:lengthScales=long", context)).toThrow(ConfigError);
  expect(() => createSearch("gp-cei:lengthScales=long", context)).toThrow("learned, fixed");
  expect(() => createSearch("gp-ucb:beta", context)).toThrow("key=value");
});
