// In shadow and in advisory nothing reaches a cluster, in 10,000 decisions that all want something else.

import { SeededRandom } from "../../src/math/index.ts";
import { FakeCluster } from "../control/fake-cluster.ts";
import { Harness, initial, temporaryFolder } from "../control/harness.ts";

const DECISIONS = 10_000;

const folder = temporaryFolder();

test.each(["shadow", "advisory"] as const)(
  "10,000 decisions in %s write nothing",
  async (mode) => {
    const cluster = new FakeCluster(initial);
    cluster.historyWindows = 10;
    const apply = jest.spyOn(cluster, "apply");
    const harness = await Harness.open(folder.path, cluster, { mode });
    const random = new SeededRandom(1);
    const oneOf = (count: number): number => Math.floor(random.next() * count);
    const outcomes: Record<string, number> = {};
    for (let decision = 0; decision < DECISIONS; decision++) {
      cluster.rateRps = 20 + oneOf(280);
      cluster.configuration = { replicas: 1 + oneOf(8), maxBatchSize: 2 ** oneOf(3) };
      harness.optimizer.wanted = { replicas: 1 + oneOf(8), maxBatchSize: 2 ** oneOf(3) };
      if (oneOf(20) === 0) cluster.nextObservation = new Error("no metrics");
      if (oneOf(100) === 0) await harness.loop.setBudget(1 + oneOf(8));
      if (oneOf(500) === 0) await expect(harness.loop.rollback()).rejects.toThrow(/expected mode canary or active/);
      if (oneOf(500) === 0) await harness.loop.resume();
      const { outcome } = await harness.pass();
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    expect(apply).not.toHaveBeenCalled();
    expect(harness.logs.actuations.length).toBe(0);
    // It did want to: most decisions were changes, and some passes saw nothing.
    expect(outcomes["advised"]).toBeGreaterThan(DECISIONS / 4);
    expect(outcomes["failed"]).toBeGreaterThan(DECISIONS / 50);
    expect(Object.keys(outcomes).sort()).toEqual(["advised", "failed", "held"]);
    await harness.close();
  },
  600_000,
);
