// Faults of the service and its orders: killed in the middle of a pass, two on one cluster, budgets and goals that cannot be.

import { fileLease } from "../../../src/control/index.ts";
import type { Configuration, Lease } from "../../../src/core/index.ts";
import { createOptimizer } from "../../../src/optimizers/index.ts";
import { FakeCluster } from "../fake-cluster.ts";
import { Harness, initial } from "../harness.ts";
import { type Fault, FaultRun, held, type Measured, oneMore } from "./fault.ts";

const five: Configuration = { replicas: 5, maxBatchSize: 1 };

/** Killed while a change is sent: the cluster has taken it, or not, and nobody was told. */
async function killed(folder: string, takes: boolean): Promise<Measured> {
  const cluster = new FakeCluster(initial);
  const first = await Harness.open(folder, cluster);
  await first.passes(3);
  first.optimizer.wanted = five;
  const apply = cluster.apply.bind(cluster);
  const sending = new Promise<void>((resolve) => {
    cluster.apply = async (configuration) => {
      if (takes) await apply(configuration);
      resolve();
      return new Promise(() => undefined);
    };
  });
  const { length } = first.logs.decisions;
  // Never ends: the process is gone before the cluster's answer.
  void first.pass();
  await sending;
  await first.close();
  cluster.apply = apply;
  const run = await FaultRun.open(folder, {}, cluster);
  run.begin();
  await run.harness.loop.resume();
  const safeAfterS = cluster.timeS - 240;
  expect(cluster.configuration).toEqual(five);
  expect(run.harness.loop.status().configuration).toEqual(five);
  expect((await run.harness.logs.decisions.last())?.record).toMatchObject({
    id: `default-${length}`,
    outcome: "applied",
    applied: five,
    reason: "sent before the service was stopped, recorded at its restart",
  });
  const actsAgainS = await run.actsAgain();
  await run.close();
  return { safeAfterS, actsAgainS };
}

const beforeApply: Fault = {
  name: "service killed between decide and apply",
  does: "at its restart sends what it had decided and noted, and completes the record",
  run: (folder) => killed(folder, false),
};

const beforeRecord: Fault = {
  name: "service killed between apply and record",
  does: "at its restart sends the same again, which changes nothing, and completes the record",
  run: (folder) => killed(folder, true),
};

const duringCanary: Fault = {
  name: "service killed while a canary runs",
  does: "at its restart puts all traffic back on what most of it runs",
  run: async (folder) => {
    const cluster = new FakeCluster(initial);
    const first = await Harness.open(folder, cluster, { mode: "canary" });
    first.optimizer.wanted = five;
    await first.passes(2);
    expect(cluster.canary).toEqual(five);
    await first.close();
    const run = await FaultRun.open(folder, { mode: "canary" }, cluster);
    const startS = cluster.timeS;
    await run.harness.loop.resume();
    expect(cluster.canary).toBeNull();
    expect(cluster.configuration).toEqual(initial);
    const safeAfterS = cluster.timeS - startS;
    const actsAgainS = await run.actsAgain();
    await run.close();
    return { safeAfterS, actsAgainS };
  },
};

const twoServices: Fault = {
  name: "two services on one cluster",
  does: "one holds the lease and acts; the other decides as in shadow, and acts when the first has let go",
  run: async (folder) => {
    const cluster = new FakeCluster(initial);
    const lease = (): Lease => fileLease(`${folder}/lease`, "a service");
    const leader = await FaultRun.open(`${folder}/a`, { lease: lease() }, cluster);
    await leader.harness.loop.resume();
    const follower = await FaultRun.open(`${folder}/b`, { lease: lease() }, cluster);
    follower.begin();
    follower.harness.optimizer.wanted = { replicas: 8, maxBatchSize: 4 };
    const safeAfterS = await follower.until(({ outcome, applied }) => outcome === "advised" && applied === null);
    for (let pass = 0; pass < 20; pass++) {
      leader.harness.optimizer.wanted = pass % 10 < 5 ? five : initial;
      await leader.harness.pass();
      expect(await follower.harness.pass()).toMatchObject({ outcome: "advised", applied: null });
    }
    expect(cluster.writes.every(({ configuration }) => Number(configuration["replicas"]) <= 5)).toBe(true);
    await leader.harness.loop.release();
    const actsAgainS = await follower.actsAgain();
    await leader.close();
    await follower.close();
    return { safeAfterS, actsAgainS };
  },
};

const leaseUnknown: Fault = {
  name: "nobody can tell who holds the lease",
  does: "nobody acts",
  run: async (folder) => {
    const standing = { away: false };
    const lease: Lease = {
      hold: async () => {
        if (standing.away) throw new Error("api server away");
        return { leads: true, holder: "me" };
      },
      release: async () => undefined,
    };
    const run = await FaultRun.open(folder, { lease });
    await run.harness.passes(3);
    run.begin();
    standing.away = true;
    run.harness.optimizer.wanted = oneMore(run.cluster);
    const safeAfterS = await run.until(({ outcome, applied }) => outcome === "advised" && applied === null);
    await run.quietFor(10);
    standing.away = false;
    const actsAgainS = await run.actsAgain();
    await run.close();
    return { safeAfterS, actsAgainS };
  },
};

const lowered: Fault = {
  name: "budget lowered under the current use",
  does: "goes down to the budget in the next pass, past every guard that would hold it",
  run: async (folder) => {
    const run = await FaultRun.open(folder, { budgetUsdPerHour: 8 }, new FakeCluster({ replicas: 8, maxBatchSize: 1 }));
    await run.harness.passes(5);
    run.begin();
    await run.setBudget(3);
    run.harness.optimizer.wanted = { replicas: 8, maxBatchSize: 1 };
    const safeAfterS = await run.until(() => Number(run.cluster.configuration["replicas"]) <= 3);
    await run.quietFor(10);
    await run.close();
    return { safeAfterS, actsAgainS: null };
  },
};

const impossible: Fault = {
  name: "SLO that nothing within the budget meets",
  does: "goes to the most the budget allows, says that it does not suffice, and stays there",
  run: async (folder) => {
    const budgetUsdPerHour = 6;
    const run = await FaultRun.open(folder, { budgetUsdPerHour, optimizer: createOptimizer("mark") });
    await run.harness.passes(5);
    run.begin();
    // Six machines serve 240 a second.
    run.cluster.rateRps = 2000;
    const safeAfterS = await run.until(() => run.cluster.configuration["replicas"] === budgetUsdPerHour);
    const written = run.cluster.writes.length;
    for (let pass = 0; pass < 30; pass++) expect(held(await run.harness.pass())).toBe(true);
    expect(run.cluster.writes).toHaveLength(written);
    const said = run.harness.loop.recommendation()?.explanation?.text;
    expect(said).toMatch(/infeasible: load above every limit: .* as much as may run/);
    run.begin();
    run.cluster.rateRps = 100;
    const actsAgainS = await run.until(({ outcome }) => outcome === "applied");
    await run.close();
    return { safeAfterS, actsAgainS };
  },
};

/** In the order of the page. */
export const serviceFaults: readonly Fault[] = [
  beforeApply,
  beforeRecord,
  duringCanary,
  twoServices,
  leaseUnknown,
  lowered,
  impossible,
];
