// The live bench cut down: a few configurations and windows, every step of it on real servers.

import { ratioOf, within } from "../../bench/live/judge.ts";
import { benchLive } from "../../bench/live/live.ts";

test("a real tuning run: all measured, two methods from the bad start, the best measured again and judged", async () => {
  const lattice = { concurrency: [1, 2], intraOpThreads: [1], maxBatchSize: [1, 8], maxBatchDelayMs: [0, 5] };
  const said: string[] = [];
  const report = await benchLive({
    lattice,
    methods: ["region-sim", "hill-climb"],
    windows: 2,
    windowS: 1.5,
    rounds: 2,
    seed: 1,
    dataFolder: null,
    onProgress: (_share, what) => said.push(what),
  });
  // Batch 1 with a delay is no configuration of its own: 2 × (1 + 2).
  expect(report.configurations).toBe(6);
  expect(report.arrivals).toMatch(/Markov-modulated model: the trace is not there/);
  expect(report.runtime).toMatch(/^onnxruntime-/);
  expect(report.prior.length).toBeGreaterThanOrEqual(2);
  for (const { serviceMs } of report.prior) expect(serviceMs).toBeGreaterThan(0);
  expect(report.initial.rank).toBeGreaterThan(3);
  expect(report.best.map(({ onceMs }) => onceMs)).toEqual(
    [...report.best.map(({ onceMs }) => onceMs)].sort((a, b) => a - b),
  );
  // Two windows of each, in thirds.
  expect(report.best[0]?.againMs).toHaveLength(6);
  expect(report.results.map(({ method }) => method)).toEqual(["region-sim", "hill-climb", "server default"]);
  for (const { toBest, keptRank, brokeSloShare } of report.results) {
    expect(toBest.low).toBeLessThanOrEqual(toBest.high);
    expect(keptRank).toBeGreaterThanOrEqual(1);
    expect(brokeSloShare).toBeGreaterThanOrEqual(0);
    expect(brokeSloShare).toBeLessThanOrEqual(1);
  }
  for (const { passes } of report.searches) expect(passes.length).toBeGreaterThanOrEqual(2);
  expect(new Set(said)).toEqual(
    new Set(["service times", "every configuration", "region-sim", "hill-climb", "the best, again"]),
  );
}, 900_000);

test("the judge leaves open what its interval does not decide", () => {
  const best = [100, 120, 90, 110, 105];
  expect(within(ratioOf(best, best, 1), 1.1)).toBe("yes");
  expect(
    within(
      ratioOf(
        best.map((one) => 1.3 * one),
        best,
        1,
      ),
      1.1,
    ),
  ).toBe("no");
  const noisy = ratioOf([100, 160, 80, 150, 90], best, 1);
  expect([noisy.low < 1.1, noisy.high > 1.1, within(noisy, 1.1)]).toEqual([true, true, "open"]);
});
