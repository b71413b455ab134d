// After a stop, of whatever kind, the loop goes on from what was acknowledged.

import { FakeCluster } from "./fake-cluster.ts";
import { Harness, initial, temporaryFolder } from "./harness.ts";

const folder = temporaryFolder();

test("a new cluster is sent the initial configuration, on record as number 0", async () => {
  const harness = await Harness.open(folder.path, new FakeCluster({ replicas: 1, maxBatchSize: 1 }));
  await harness.loop.resume();
  expect(harness.cluster.configuration).toEqual(initial);
  expect(harness.loop.status()).toMatchObject({ configuration: initial, decisions: 1, resumed: null });
  expect((await harness.logs.decisions.last())?.record).toMatchObject({ id: "default-0", outcome: "applied" });
  await harness.close();
});

test("a restart sends the last acknowledged configuration again and time goes on", async () => {
  const first = await Harness.open(folder.path, new FakeCluster(initial));
  await first.loop.resume();
  first.optimizer.wanted = { replicas: 5, maxBatchSize: 2 };
  await first.passes(4);
  await first.close();
  const second = await Harness.open(folder.path, new FakeCluster(initial, 240));
  await second.loop.resume();
  expect(second.cluster.writes).toEqual([{ configuration: { replicas: 5, maxBatchSize: 2 }, trial: undefined }]);
  expect(second.loop.status()).toMatchObject({
    configuration: { replicas: 5, maxBatchSize: 2 },
    resumed: { decision: "default-1" },
    timeS: 240,
    decisions: 5,
  });
  const record = await second.pass();
  expect(record).toMatchObject({ id: "default-5", timeS: 300 });
  await second.close();
});

test("what was sent but not recorded when the service was killed is sent again and recorded", async () => {
  const first = await Harness.open(folder.path, new FakeCluster(initial));
  await first.passes(2);
  const configuration = { replicas: 7, maxBatchSize: 1 };
  await first.logs.actuations.append({ decision: "default-2", timeS: 120, configuration, actor: "optimizer" });
  await first.close();
  const second = await Harness.open(folder.path, new FakeCluster(initial, 120));
  await second.loop.resume();
  expect(second.cluster.configuration).toEqual(configuration);
  expect((await second.logs.decisions.last())?.record).toMatchObject({
    id: "default-2",
    outcome: "applied",
    actor: "optimizer",
    applied: configuration,
    reason: "sent before the service was stopped, recorded at its restart",
  });
  await second.close();
});

test("a policy's memory survives: the history of before the stop stands in front of the new one", async () => {
  const first = await Harness.open(folder.path, new FakeCluster(initial));
  await first.passes(5);
  await first.close();
  const second = await Harness.open(folder.path, new FakeCluster(initial, 300));
  let seen: readonly number[] = [];
  const solve = second.optimizer.solve;
  second.optimizer.solve = (problem) => {
    seen = problem.observation.history.map(({ timeS }) => timeS);
    return solve(problem);
  };
  await second.pass();
  expect(seen).toEqual([60, 120, 180, 240, 300, 360]);
  await second.close();
});

test("trust and what was learnt come back from the checkpoint", async () => {
  const first = await Harness.open(folder.path, new FakeCluster(initial));
  await first.passes(30);
  expect(first.agent.trust.trust).toBe("learning");
  await first.loop.save();
  const saved = first.agent.save();
  await first.close();
  const second = await Harness.open(folder.path, new FakeCluster(initial, 1800));
  expect(second.agent.save()).toEqual(saved);
  await second.close();
});

test("cooldowns survive: the time of each knob's last change is read from the log", async () => {
  const first = await Harness.open(folder.path, new FakeCluster(initial));
  await first.loop.resume();
  first.optimizer.wanted = { replicas: 6, maxBatchSize: 1 };
  await first.passes(2);
  await first.close();
  const second = await Harness.open(folder.path, new FakeCluster({ replicas: 6, maxBatchSize: 1 }, 120));
  await second.loop.resume();
  second.optimizer.wanted = initial;
  // Hysteresis holds a reversal for 300 s: the change was at 60 s, the pass is at 180 s.
  expect(await second.pass()).toMatchObject({ outcome: "held", guards: [{ guard: "hysteresis" }] });
  await second.close();
});
