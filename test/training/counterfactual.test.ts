// Counterfactuals: what was recorded, replayed under a rule.

import { join } from "node:path";
import { openScenario } from "../../environments/index.ts";
import { counterfactual, type RecordedWindow, unbroken } from "../../src/training/index.ts";

const INTERVAL_S = 60;

function windowsOf(count: number, machines: number, configuration: RecordedWindow["configuration"]): RecordedWindow[] {
  const type = Object.keys(configuration).find((name) => name.startsWith("instances.")) ?? "";
  return Array.from({ length: count }, (_, i) => ({
    timeS: (i + 1) * INTERVAL_S,
    requests: 1200,
    rateRps: 20,
    costUsd: (machines * 0.085) / 60,
    configuration: { ...configuration, [type]: machines },
  }));
}

test("a rule that does as was done costs what was paid, whatever the price of the simulator's machines", async () => {
  const open = await openScenario(join(__dirname, "..", "fixtures", "tiny-fleet.yaml"), { dataFolder: null });
  const type = Object.keys(open.initial).find((name) => name.startsWith("instances.")) ?? "";
  const windows = windowsOf(40, Number(open.initial[type]), open.initial);
  const result = await counterfactual({ ...open, intervalS: INTERVAL_S }, "static", windows);
  const paid = windows.slice(1).reduce((sum, { costUsd }) => sum + costUsd, 0);
  expect(result.measuredUsd).toBeCloseTo(paid, 9);
  expect(result.rule.usd.estimate / paid).toBeCloseTo(1, 6);
  expect(result.savedShare.estimate).toBeCloseTo(0, 6);
  expect(result.windows).toBe(39);
  expect(result.costToBound).toBeGreaterThan(0);
});

test("twice the machines a rule would keep shows as money lost, and the interval holds the estimate", async () => {
  const open = await openScenario(join(__dirname, "..", "fixtures", "tiny-fleet.yaml"), { dataFolder: null });
  const type = Object.keys(open.initial).find((name) => name.startsWith("instances.")) ?? "";
  const most = Math.max(...(open.lattice.knobs.find(({ name }) => name === type)?.values.map(Number) ?? []));
  const windows = windowsOf(40, most, open.initial);
  const { rule, savedShare } = await counterfactual({ ...open, intervalS: INTERVAL_S }, "mark", windows);
  expect(savedShare.estimate).toBeLessThan(0);
  expect(rule.usd.low).toBeLessThanOrEqual(rule.usd.estimate);
  expect(rule.usd.high).toBeGreaterThanOrEqual(rule.usd.estimate);
  expect(savedShare.low).toBeLessThanOrEqual(savedShare.estimate);
});

test("windows before a gap, or before the clock went back, are left out", () => {
  const windows = windowsOf(6, 1, { "instances.a.onDemand": 1 });
  const at = (...times: number[]): RecordedWindow[] =>
    times.map((timeS, i) => ({ ...(windows[i] as RecordedWindow), timeS }));
  expect(unbroken(at(60, 120, 300, 360), INTERVAL_S).map(({ timeS }) => timeS)).toEqual([300, 360]);
  expect(unbroken(at(600, 60, 120), INTERVAL_S).map(({ timeS }) => timeS)).toEqual([60, 120]);
  expect(unbroken([], INTERVAL_S)).toEqual([]);
});
