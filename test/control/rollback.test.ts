// Going back: by command, by itself at the first doubt, and out of a canary that is late.

import { FakeCluster } from "./fake-cluster.ts";
import { Harness, initial, temporaryFolder } from "./harness.ts";

const folder = temporaryFolder();

test("the operator goes back to the last good configuration, and it is held", async () => {
  const harness = await Harness.open(folder.path, new FakeCluster(initial));
  await harness.passes(2);
  harness.optimizer.wanted = { replicas: 5, maxBatchSize: 1 };
  await harness.passes(2);
  const record = await harness.loop.rollback();
  expect(record).toMatchObject({ actor: "operator", outcome: "rolled-back", applied: initial, observation: null });
  expect(harness.cluster.configuration).toEqual(initial);
  expect(await harness.pass()).toMatchObject({ outcome: "held", applied: initial });
  // Rolled back at 240 s and held for ten intervals: until 840 s, the tenth pass from there.
  await harness.passes(8);
  expect(harness.cluster.configuration).toEqual(initial);
  expect(await harness.pass()).toMatchObject({ outcome: "applied", applied: { replicas: 5 } });
  await harness.close();
});

test("without an earlier good configuration a rollback is refused and nothing is written", async () => {
  const harness = await Harness.open(folder.path, new FakeCluster(initial));
  await harness.pass();
  await expect(harness.loop.rollback()).rejects.toThrow(/expected an earlier good configuration, found none/);
  expect(harness.cluster.writes).toEqual([]);
  await harness.close();
});

test("a rollback goes back inside the budget", async () => {
  const cluster = new FakeCluster({ replicas: 8, maxBatchSize: 1 });
  const harness = await Harness.open(folder.path, cluster, { budgetUsdPerHour: 5 });
  await harness.passes(3);
  expect(cluster.configuration["replicas"]).toBe(5);
  expect((await harness.loop.rollback()).applied).toMatchObject({ replicas: 5 });
  await harness.close();
});

test("when the agent's choice burns the SLO it goes back to what was good, and trust is gone", async () => {
  const cluster = new FakeCluster(initial);
  const harness = await Harness.open(folder.path, cluster, { noGuards: true });
  await harness.passes(25);
  expect(harness.agent.trust.trust).toBe("learning");
  // From here on the agent acts where the model expects it to be safe; then the cluster turns out slower than that.
  let acted = false;
  for (let i = 0; i < 40 && !acted; i++) {
    const record = await harness.pass();
    acted = record.actor === "agent" && record.outcome === "applied";
  }
  expect(acted).toBe(true);
  cluster.distort = (state) => {
    const { latency } = state.metrics;
    const last = state.history.at(-1);
    if (latency === null || last === undefined) return state;
    const missed = { ...latency, objectiveMs: 1000, p99Ms: 1000, missRatio: 1 };
    const history = [...state.history.slice(0, -1), { ...last, missRatio: 1 }];
    return { ...state, metrics: { ...state.metrics, latency: missed }, history };
  };
  const record = await harness.pass();
  expect(record).toMatchObject({ trust: "bootstrapping", outcome: "rolled-back", actor: "guard" });
  expect(record.reason).toMatch(/SLO burn .* back to what was good at/);
  expect(harness.agent.trust.trust).toBe("bootstrapping");
  await harness.close();
});

const trial = { share: 1 / 8, stages: [{ windowShare: 0.25, abortLatencyRatio: 1.1 }] };

/** The agent's word with a canary, as a careful agent gives it. */
async function withCanary(canaryMs: number): Promise<Harness> {
  const cluster = new FakeCluster(initial);
  cluster.canaryMs = canaryMs;
  const harness = await Harness.open(folder.path, cluster, { noGuards: true });
  await harness.passes(25);
  const propose = harness.agent.propose.bind(harness.agent);
  jest.spyOn(harness.agent, "propose").mockImplementation((observation) => {
    const voices = propose(observation);
    const proposal = { configuration: { replicas: 3, maxBatchSize: 1 }, reason: "try fewer", trial };
    return { ...voices, proposal, actor: "agent" };
  });
  await harness.pass();
  jest.restoreAllMocks();
  return harness;
}

test("a canary that is late is rolled back at the end of its stage, not of the window", async () => {
  const harness = await withCanary(111);
  expect(harness.cluster.canary).toEqual({ replicas: 3, maxBatchSize: 1 });
  const startS = harness.cluster.timeS;
  let rolledBackS = 0;
  harness.loop.subscribe((event) => {
    if (event.type === "decision" && event.record.outcome === "rolled-back") rolledBackS = harness.cluster.timeS;
  });
  await harness.pass();
  expect(rolledBackS - startS).toBe(15);
  expect(harness.cluster.configuration).toEqual(initial);
  expect(harness.cluster.canary).toBeNull();
  const records = (await harness.logs.decisions.read(0, 100)).map(({ record }) => JSON.stringify(record));
  expect(records.some((record) => record.includes("the canary took 111 ms, at most 110 ms"))).toBe(true);
  await harness.close();
});

test("a canary that holds is taken on whole", async () => {
  const harness = await withCanary(109);
  await harness.loop.rest((seconds) => harness.cluster.advance(seconds));
  expect(harness.cluster.configuration).toEqual({ replicas: 3, maxBatchSize: 1 });
  expect(harness.cluster.writes.map((write) => write.trial?.share)).toEqual([1 / 8, undefined]);
  await harness.close();
});

test("a canary that cannot be observed is rolled back", async () => {
  const harness = await withCanary(20);
  harness.cluster.nextObservation = new Error("no metrics");
  await harness.loop.rest((seconds) => harness.cluster.advance(seconds));
  expect(harness.cluster.configuration).toEqual(initial);
  expect(harness.cluster.canary).toBeNull();
  expect((await harness.logs.decisions.last())?.record).toMatchObject({
    outcome: "rolled-back",
    reason: expect.stringContaining("the canary could not be observed: no metrics"),
  });
  await harness.close();
});

test("in mode canary no change ever reaches more than its share", async () => {
  const cluster = new FakeCluster(initial);
  const harness = await Harness.open(folder.path, cluster, { mode: "canary" });
  harness.optimizer.wanted = { replicas: 5, maxBatchSize: 1 };
  await harness.passes(5);
  expect(cluster.writes.length).toBeGreaterThan(0);
  expect(cluster.writes.every((write) => write.trial?.share === 1 / 8)).toBe(true);
  expect(cluster.configuration).toEqual(initial);
  await harness.close();
});

test("a canary that cannot be ended is ended at the next pass, and never taken on whole", async () => {
  const harness = await withCanary(111);
  const { cluster } = harness;
  cluster.refusals.push(new Error("timeout"), new Error("timeout again"));
  await harness.loop.rest((seconds) => cluster.advance(seconds));
  expect(cluster.canary).toEqual({ replicas: 3, maxBatchSize: 1 });
  expect(await harness.loop.pass()).toMatchObject({ applied: initial });
  expect(cluster.canary).toBeNull();
  expect(cluster.writes.filter(({ trial }) => trial === undefined).map((write) => write.configuration)).toEqual([
    initial,
  ]);
  await harness.close();
});

test.each(["off", "shadow", "advisory"] as const)("a mode that goes to %s ends the canary first", async (mode) => {
  const harness = await withCanary(20);
  await harness.loop.setMode(mode);
  expect(harness.cluster.canary).toBeNull();
  expect(harness.cluster.configuration).toEqual(initial);
  expect((await harness.logs.decisions.last())?.record).toMatchObject({
    outcome: "rolled-back",
    reason: expect.stringContaining(`the canary ends: the mode goes to ${mode}`),
  });
  const written = harness.cluster.writes.length;
  await harness.passes(3);
  expect(harness.cluster.writes).toHaveLength(written);
  await harness.close();
});

test("a service that stops in the middle of a stage judges nothing by it, and ends the canary", async () => {
  const harness = await withCanary(20);
  const stop = new AbortController();
  await harness.loop.rest(async () => stop.abort(), stop.signal);
  expect(harness.cluster.canary).toEqual({ replicas: 3, maxBatchSize: 1 });
  await harness.loop.release();
  expect(harness.cluster.canary).toBeNull();
  expect(harness.cluster.configuration).toEqual(initial);
  await harness.close();
});

test("a service killed while a canary runs ends it at its restart, with the canary's record kept", async () => {
  const killed = await withCanary(20);
  const { cluster } = killed;
  const before = killed.logs.decisions.length;
  await killed.close();
  const again = await Harness.open(folder.path, cluster, { noGuards: true });
  await again.loop.resume();
  expect(cluster.canary).toBeNull();
  expect(cluster.configuration).toEqual(initial);
  expect(again.logs.decisions.length).toBe(before + 1);
  expect((await again.logs.decisions.last())?.record).toMatchObject({ outcome: "rolled-back", applied: initial });
  await again.close();
});

test("in mode canary what ends a canary goes to all traffic, and what replaces it to its share", async () => {
  const cluster = new FakeCluster(initial);
  const harness = await Harness.open(folder.path, cluster, { mode: "canary", noGuards: true });
  harness.optimizer.wanted = { replicas: 5, maxBatchSize: 1 };
  await harness.pass();
  harness.optimizer.wanted = { replicas: 6, maxBatchSize: 1 };
  await harness.pass();
  expect(cluster.canary).toEqual({ replicas: 6, maxBatchSize: 1 });
  harness.optimizer.wanted = initial;
  await harness.pass();
  expect(cluster.writes.map(({ configuration, trial }) => [configuration["replicas"], trial?.share])).toEqual([
    [5, 1 / 8],
    [6, 1 / 8],
    [4, undefined],
  ]);
  await harness.close();
});
