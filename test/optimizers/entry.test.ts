import { ConfigError, UnknownNameError } from "../../src/core/index.ts";
import { createOptimizer, findOptimizer, optimizers } from "../../src/optimizers/index.ts";
import { covered, fleet, machines, problem, type World, worlds } from "./problems.ts";

test("an optimizer is made by name and settings, the rest at its defaults", () => {
  const { name, settings } = createOptimizer("mixed:holdS=300,spot=true,type=c5.large");
  expect(name).toBe("mixed");
  expect(settings).toEqual({ ...findOptimizer("mixed").settings, holdS: 300, spot: true, type: "c5.large" });
  expect(createOptimizer("mark").settings).toEqual(findOptimizer("mark").settings);
});

test("names are used once, and an unknown one is refused with those there are", () => {
  expect(new Set(optimizers.map((entry) => entry.name)).size).toBe(optimizers.length);
  expect(() => createOptimizer("oracle:x=1")).toThrow(UnknownNameError);
  expect(() => createOptimizer("oracle:x=1")).toThrow("mark-spot");
});

test.each([
  ["mark:overprovison=1.3", "mark.overprovison: expected one of overprovision, deadlineShare, forecast"],
  ["mark:overprovision=much", 'mark.overprovision: expected a number, found "much"'],
  ["mark:overprovision=0", "mark.overprovision: expected a number in [0.1, 10], found 0"],
  ["mark:overprovision=", "mark.overprovision: expected a number"],
  ["mark:overprovision", "mark: expected key=value"],
  ["mark:overprovision=1,overprovision=2", "each key once"],
  ["mark:", "mark: expected key=value"],
  ["mark:forecast=prophet", "mark.forecast: expected one of given, none, last-value"],
  ["mixed:spot=yes", 'mixed.spot: expected a boolean, found "yes"'],
])("%s is refused: %s", (text, message) => {
  expect(() => createOptimizer(text)).toThrow(ConfigError);
  expect(() => createOptimizer(text)).toThrow(message);
});

test("a sweep is the product of its axes around the defaults", () => {
  const { sweep, settings } = findOptimizer("hpa");
  expect(sweep.map((point) => point["targetUtilization"])).toEqual([0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]);
  for (const point of sweep) expect({ ...point, targetUtilization: settings["targetUtilization"] }).toEqual(settings);
});

test("on a lattice only those points are tried that differ in what they do there", () => {
  const sweepOn = (name: string, world: World) => findOptimizer(name).sweepOn(problem(world).lattice);
  // Hold times x margins; spot and another kind of server double it each.
  expect(sweepOn("mixed", machines)).toHaveLength(3 * 4);
  expect(sweepOn("mixed", fleet)).toHaveLength(3 * 4 * 2 * 2);
  const best = sweepOn("static-best", covered);
  expect(best.filter((point) => point["functions"] === false)).toEqual([findOptimizer("static-best").settings]);
  expect(Math.max(...best.map((point) => Number(point["servers"])))).toBe(60);
  for (const entry of optimizers) {
    for (const world of Object.values(worlds)) expect(sweepOn(entry.name, world)).toContainEqual(entry.settings);
  }
});
