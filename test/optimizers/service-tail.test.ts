// Slow batches are in time too: 98 % within 500 ms, of which c5.large takes 210 ms and a T4 30 ms a batch of eight.

import type { ClusterState } from "../../src/core/index.ts";
import { batchingFor } from "../../src/optimizers/batching-rule.ts";
import { lateCover } from "../../src/optimizers/offload.ts";
import { measuredTail, slackMs } from "../../src/optimizers/service-tail.ts";
import { covered, fleet, objective, problem } from "./problems.ts";

/** What a cluster of one kind of machine tells of its service times. */
function telling(multipliers: readonly number[], fleetCounts: ClusterState["fleet"] = {}): ClusterState {
  const { observation } = problem(fleet, {});
  const service = { meanMs: 1, multipliers: Float64Array.from(multipliers) };
  return { ...observation, metrics: { ...observation.metrics, service }, fleet: fleetCounts };
}

const count = { ready: 3, launching: 0, draining: 0, spot: 0 };

/** 0.5, 0.51, ... 1.5: its quantile at .98 is 1.48. */
const evenly = Array.from({ length: 101 }, (_, i) => 0.5 + i / 100);

test("the tail is the quantile at the SLO's percentile, at least 1", () => {
  expect(measuredTail(telling(evenly), objective)).toBeCloseTo(1.48, 9);
  expect(measuredTail(telling(evenly.map((m) => m / 2)), objective)).toBe(1);
});

test("it is not known of few batches, of unlike machines, nor where nobody tells", () => {
  expect(measuredTail(telling(evenly.slice(0, 49)), objective)).toBeNull();
  expect(measuredTail(telling(evenly, { "c5.large": count }), objective)).toBeCloseTo(1.48, 9);
  expect(measuredTail(telling(evenly, { "c5.large": count, "g4dn.xlarge": count }), objective)).toBeNull();
  expect(measuredTail(problem(fleet, {}).observation, objective)).toBeNull();
});

test("slack is what either deadline leaves, the nearer one", () => {
  // .96 · 500 - 210 = 270;  500 - 1 · 210 = 290, 500 - 1.5 · 210 = 185, 500 - 2.5 · 210 = -25.
  expect(slackMs(objective, 210, 1, 0.96)).toBeCloseTo(270, 9);
  expect(slackMs(objective, 210, 1.5, 0.96)).toBeCloseTo(185, 9);
  expect(slackMs(objective, 210, 2.5, 0.96)).toBeCloseTo(-25, 9);
});

test("a batch whose slow ones would be late is not formed, and a wait they leave no time for goes to functions", () => {
  const posed = problem(fleet, {});
  const base = posed.observation.configuration;
  const sized = (serviceTail: number) => batchingFor({ ...posed, serviceTail }, ["c5.large"], base, 8, 480).set;
  // T_2 = 420: 500 - 1.1 · 420 = 38 is enough for no wait at all, 500 - 1.2 · 420 = -4 is not.
  expect(sized(1.1)).toEqual({ maxBatchSize: 2, maxBatchDelayMs: 0 });
  expect(sized(1.2)).toEqual({ maxBatchSize: 1, maxBatchDelayMs: 0 });
  const cover = (serviceTail: number) =>
    lateCover({ ...problem(covered, {}), serviceTail }, covered.initial, 0.96).set["offloadThresholdMs"];
  // .96 · 500 - 210 = 270 and 500 - 1.1 · 210 = 269 leave 250; 500 - 1.3 · 210 = 227 leaves 200.
  expect(cover(1.1)).toBe(250);
  expect(cover(1.3)).toBe(200);
});
