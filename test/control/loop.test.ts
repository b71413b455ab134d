// The control loop: one pass in its order, on record before it can be read, holding whenever it cannot see.

import { readDecisions, stepNames } from "../../src/control/index.ts";
import { ActuationError, type ClusterState, type Mode, ObservationError } from "../../src/core/index.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { Harness, initial, temporaryFolder } from "./harness.ts";

const folder = temporaryFolder();

test("a pass goes through its steps in order and leaves a whole record", async () => {
  const harness = await Harness.open(folder.path, new FakeCluster(initial));
  harness.optimizer.wanted = { replicas: 5, maxBatchSize: 1 };
  const record = await harness.pass();
  expect(record).toMatchObject({
    id: "default-0",
    timeS: 60,
    cluster: "default",
    mode: "active",
    trust: "bootstrapping",
    actor: "optimizer",
    proposed: { replicas: 5, maxBatchSize: 1 },
    applied: { replicas: 5, maxBatchSize: 1 },
    outcome: "applied",
    reason: "replicas 4 → 5 (wishful: as wished)",
    guards: [],
    expected: { objectiveMs: 20, costUsdPerHour: 5 },
    policyId: null,
  });
  expect(record.votes.map(({ by, type }) => [by, type])).toEqual([
    ["wishful", "SET"],
    ["q-table", "SET"],
  ]);
  const pass = harness.events.find((event) => event.type === "pass");
  expect(pass?.type === "pass" && Object.keys(pass.micros)).toEqual([...stepNames]);
  expect(harness.cluster.writes).toEqual([{ configuration: { replicas: 5, maxBatchSize: 1 }, trial: undefined }]);
  expect((await harness.logs.decisions.last())?.record).toEqual(JSON.parse(JSON.stringify(record)));
  await harness.close();
});

test("what runs already is not sent again", async () => {
  const harness = await Harness.open(folder.path, new FakeCluster(initial));
  const record = await harness.pass();
  expect(record).toMatchObject({ outcome: "held", applied: initial });
  expect(harness.cluster.writes).toEqual([]);
  await harness.close();
});

test("guards have the last word, and the record says which and why", async () => {
  const harness = await Harness.open(folder.path, new FakeCluster(initial), { budgetUsdPerHour: 5 });
  harness.optimizer.wanted = { replicas: 6, maxBatchSize: 1 };
  const record = await harness.pass();
  expect(record).toMatchObject({
    actor: "guard",
    applied: { replicas: 5, maxBatchSize: 1 },
    proposed: { replicas: 6 },
  });
  expect(record.guards).toEqual([{ guard: "budget", reason: "would commit 6.00 USD/h of a budget of 5.00 USD/h" }]);
  await harness.close();
});

test.each<Mode>(["off", "shadow", "advisory"])(
  "in mode %s nothing is ever written, whatever is wanted",
  async (mode) => {
    const harness = await Harness.open(folder.path, new FakeCluster(initial), { mode });
    for (let i = 0; i < 100; i++) {
      harness.optimizer.wanted = { replicas: 1 + (i % 8), maxBatchSize: 1 + (i % 2) };
      const record = await harness.pass();
      expect(["held", "advised"]).toContain(record.outcome);
    }
    await expect(harness.loop.rollback()).rejects.toThrow(/expected mode canary or active, found/);
    await harness.loop.resume();
    expect(harness.cluster.writes).toEqual([]);
    expect(harness.logs.actuations.length).toBe(0);
    expect(harness.loop.recommendation() === null).toBe(mode === "off");
    await harness.close();
  },
);

test("a mode takes effect with the next write, and only writes of canary are on a share", async () => {
  const harness = await Harness.open(folder.path, new FakeCluster(initial), { mode: "shadow" });
  harness.optimizer.wanted = { replicas: 5, maxBatchSize: 1 };
  expect(await harness.pass()).toMatchObject({ outcome: "advised", applied: null });
  await harness.loop.setMode("canary");
  expect(await harness.pass()).toMatchObject({ outcome: "applied", mode: "canary" });
  await harness.loop.setMode("active");
  expect(await harness.pass()).toMatchObject({ mode: "active" });
  expect(harness.cluster.writes.map(({ trial }) => trial?.share)).toEqual([1 / 8, undefined]);
  await harness.close();
});

const unseen: readonly (readonly [string, (cluster: FakeCluster) => void, RegExp])[] = [
  [
    "metrics gone",
    (cluster) => {
      cluster.nextObservation = new ObservationError("prometheus: expected a series, found none");
    },
    /expected a series, found none; the configuration is held/,
  ],
  [
    "an adapter that throws something else",
    (cluster) => {
      cluster.nextObservation = new Error("socket hang up");
    },
    /socket hang up/,
  ],
  [
    "not a number",
    (cluster) => distorted(cluster, { p99Ms: Number.NaN }),
    /latency\.p99Ms: expected a number ≥ 0, found NaN/,
  ],
  [
    "a negative latency",
    (cluster) => distorted(cluster, { objectiveMs: -1 }),
    /objectiveMs: expected a number ≥ 0, found -1/,
  ],
  [
    "frozen metrics",
    (cluster) => {
      cluster.distort = (state) => ({ ...state, timeS: 60 });
    },
    /timeS: expected more than 60, found 60: frozen metrics/,
  ],
  [
    "a clock that went back",
    (cluster) => {
      cluster.distort = (state) => ({ ...state, timeS: 30 });
    },
    /timeS: expected more than 60, found 30: the clock went back/,
  ],
];

function distorted(cluster: FakeCluster, latency: Partial<NonNullable<ClusterState["metrics"]["latency"]>>): void {
  cluster.distort = (state) => {
    const before = state.metrics.latency;
    if (before === null) return state;
    return { ...state, metrics: { ...state.metrics, latency: { ...before, ...latency } } };
  };
}

test.each(unseen)(
  "with %s the configuration is held, the error is on record, and the loop goes on",
  async (_, break_, why) => {
    const cluster = new FakeCluster(initial);
    const harness = await Harness.open(folder.path, cluster);
    await harness.pass();
    harness.optimizer.wanted = { replicas: 6, maxBatchSize: 1 };
    break_(cluster);
    const record = await harness.pass();
    expect(record).toMatchObject({ outcome: "failed", observation: null, applied: initial, actor: "guard", votes: [] });
    expect(record.reason).toMatch(why);
    expect(cluster.writes).toEqual([]);
    expect(await harness.pass()).toMatchObject({ outcome: "applied", applied: { replicas: 6 } });
    await harness.close();
  },
);

test("a change the cluster refuses is on record as refused, and what ran before stays acknowledged", async () => {
  const cluster = new FakeCluster(initial);
  const harness = await Harness.open(folder.path, cluster);
  await harness.loop.resume();
  harness.optimizer.wanted = { replicas: 6, maxBatchSize: 1 };
  cluster.refusals.push(new ActuationError("quota: expected at most 5 replicas, found 6"));
  expect(await harness.pass()).toMatchObject({ outcome: "refused", applied: initial });
  expect(harness.loop.status().configuration).toEqual(initial);
  await harness.close();
  const again = await Harness.open(folder.path, new FakeCluster(initial));
  await again.loop.resume();
  expect(again.cluster.writes.at(-1)?.configuration).toEqual(initial);
  await again.close();
});

test("a change that times out is put back at once, on record as failed, and the next pass decides anew", async () => {
  const cluster = new FakeCluster(initial);
  const harness = await Harness.open(folder.path, cluster);
  harness.optimizer.wanted = { replicas: 5, maxBatchSize: 1 };
  cluster.refusals.push(new Error("timeout"));
  const record = await harness.pass();
  expect(record).toMatchObject({ outcome: "failed", applied: initial });
  expect(record.reason).toMatch(/^the cluster failed to take a change: timeout; .*; put back$/);
  expect(cluster.writes.map(({ configuration }) => configuration)).toEqual([initial]);
  expect(await harness.pass()).toMatchObject({ outcome: "applied", applied: { replicas: 5 } });
  await harness.close();
});

test("what could not be put back is sent at every pass until it is taken, also when nothing is to change", async () => {
  const cluster = new FakeCluster(initial);
  const harness = await Harness.open(folder.path, cluster);
  harness.optimizer.wanted = { replicas: 5, maxBatchSize: 1 };
  cluster.refusals.push(new Error("timeout"), new Error("still out of order"));
  expect(await harness.pass()).toMatchObject({ outcome: "failed", applied: null });
  harness.optimizer.wanted = initial;
  cluster.refusals.push(new Error("out of order for long"));
  expect(await harness.pass()).toMatchObject({ outcome: "failed", applied: null });
  const record = await harness.pass();
  expect(record).toMatchObject({ outcome: "held", applied: initial });
  expect(record.reason).toMatch(/put back after the failed change/);
  expect(cluster.writes.map(({ configuration }) => configuration)).toEqual([initial]);
  expect(await harness.pass()).toMatchObject({ outcome: "held" });
  expect(cluster.writes).toHaveLength(1);
  await harness.close();
});

test("a configuration that is accepted and never comes into force is noticed, and what runs is the ground again", async () => {
  const cluster = new FakeCluster(initial);
  const harness = await Harness.open(folder.path, cluster);
  await harness.passes(25);
  const propose = harness.agent.propose.bind(harness.agent);
  jest.spyOn(harness.agent, "propose").mockImplementation((observation) => {
    const wanted = { replicas: 5, maxBatchSize: 1 };
    return { ...propose(observation), proposal: { configuration: wanted, reason: "more" }, actor: "optimizer" };
  });
  cluster.deaf = true;
  expect(await harness.pass()).toMatchObject({ outcome: "applied" });
  for (let i = 0; i < 3; i++) expect(await harness.pass()).toMatchObject({ outcome: "held", trust: "learning" });
  // Three windows of grace are over: sent once more, and trust is gone.
  await harness.pass();
  expect(await harness.pass()).toMatchObject({ outcome: "applied", trust: "bootstrapping" });
  expect(harness.agent.trust.reason).toMatch(/has not been in force or on its way for 240 s/);
  jest.restoreAllMocks();
  await harness.close();
});

test("an agent that fails loses its trust, and the optimizer's word is acted on in the same pass", async () => {
  const harness = await Harness.open(folder.path, new FakeCluster(initial));
  await harness.passes(25);
  expect(harness.agent.trust.trust).toBe("learning");
  jest.spyOn(harness.agent.policy, "act").mockImplementation(() => {
    throw new Error("index out of range");
  });
  harness.optimizer.wanted = { replicas: 5, maxBatchSize: 1 };
  const learnt = await harness.pass();
  expect(harness.agent.trust).toMatchObject({
    trust: "bootstrapping",
    reason: "the agent failed: index out of range",
  });
  expect(learnt.outcome).not.toBe("failed");
  const record = await harness.pass();
  expect(record).toMatchObject({ actor: "optimizer", trust: "bootstrapping" });
  expect(record.votes.map(({ by }) => by)).toEqual(["wishful"]);
  expect(harness.cluster.configuration["replicas"]).toBe(5);
  await harness.close();
});

test("when the optimizer itself fails the configuration is held, and the record says why", async () => {
  const harness = await Harness.open(folder.path, new FakeCluster(initial));
  harness.optimizer.solve = () => {
    throw new RangeError("no plan");
  };
  const record = await harness.pass();
  expect(record).toMatchObject({ outcome: "held", actor: "guard", applied: initial, votes: [] });
  expect(record.reason).toBe("the optimizer failed: no plan; the configuration is held");
  expect(harness.cluster.writes).toEqual([]);
  await harness.close();
});

test("the window after a decision fills in what was measured", async () => {
  const harness = await Harness.open(folder.path, new FakeCluster(initial));
  harness.optimizer.wanted = { replicas: 5, maxBatchSize: 1 };
  await harness.passes(3);
  const page = await readDecisions(harness.logs.decisions, { cursor: null, limit: 10, order: "asc" });
  expect(page.items.map((item) => (item as { measured: unknown }).measured)).toEqual([
    { objectiveMs: 20, costUsdPerHour: 5 },
    { objectiveMs: 20, costUsdPerHour: 5 },
    null,
  ]);
  await harness.close();
});

test("pages of decisions follow each other in both orders without gap or repeat", async () => {
  const harness = await Harness.open(folder.path, new FakeCluster(initial));
  await harness.passes(11);
  const collect = async (order: "asc" | "desc"): Promise<string[]> => {
    const ids: string[] = [];
    let cursor: number | null = null;
    do {
      const page = await readDecisions(harness.logs.decisions, { cursor, limit: 4, order });
      ids.push(...page.items.map((item) => (item as { id: string }).id));
      cursor = page.next;
    } while (cursor !== null);
    return ids;
  };
  const ids = Array.from({ length: 11 }, (_, i) => `default-${i}`);
  expect(await collect("asc")).toEqual(ids);
  expect(await collect("desc")).toEqual([...ids].reverse());
  await harness.close();
});
