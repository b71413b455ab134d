// Proposals in advisory: made once, confirmed while wanted, answered by a person, and never carried out stale.

import { StateError } from "../../src/core/index.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { Harness, initial, temporaryFolder } from "./harness.ts";

const folder = temporaryFolder();
const five = { replicas: 5, maxBatchSize: 1 };
const answer = { by: "ada", note: "looks right" };

async function advised(): Promise<Harness> {
  const harness = await Harness.open(folder.path, new FakeCluster(initial), { mode: "advisory" });
  harness.optimizer.wanted = five;
  await harness.pass();
  return harness;
}

test("a wanted change becomes a proposal that says everything, and nothing is written", async () => {
  const harness = await advised();
  const [proposal] = harness.loop.proposals();
  expect(proposal).toMatchObject({
    id: "default-0",
    cluster: "default",
    createdS: 60,
    expiresS: 960,
    current: initial,
    proposed: five,
    by: "optimizer",
    status: "pending",
    answer: null,
    expected: { objectiveMs: 20, costUsdPerHour: 5 },
    metrics: { arrivalRateRps: 100 },
  });
  expect(proposal?.votes.map(({ by }) => by)).toEqual(["wishful", "q-table"]);
  expect(proposal?.explanation?.text).toMatch(/100.0 requests\/s/);
  expect(harness.loop.status().pendingProposal).toBe("default-0");
  expect((await harness.logs.decisions.last())?.record).toMatchObject({ outcome: "advised", proposal: "default-0" });
  expect(harness.cluster.writes).toEqual([]);
  await harness.close();
});

test("wanted again it is confirmed, not made anew; another change takes its place; no change ends it", async () => {
  const harness = await advised();
  await harness.passes(2);
  expect(harness.loop.proposals()).toHaveLength(1);
  expect(harness.loop.proposals()[0]).toMatchObject({ confirmedS: 180, expiresS: 1080, status: "pending" });
  harness.optimizer.wanted = { replicas: 6, maxBatchSize: 1 };
  await harness.pass();
  expect(harness.loop.proposals().map(({ status }) => status)).toEqual(["superseded", "pending"]);
  harness.optimizer.wanted = initial;
  await harness.pass();
  expect(harness.loop.proposals().map(({ status }) => status)).toEqual(["superseded", "superseded"]);
  await harness.close();
});

test("approved, it goes through the guards and the one actuator, on record as the operator's", async () => {
  const harness = await advised();
  const proposal = await harness.loop.approve("default-0", answer);
  expect(proposal).toMatchObject({ status: "approved", decision: "default-1", answer: { by: "ada", timeS: 60 } });
  expect(harness.cluster.writes).toEqual([{ configuration: five, trial: undefined }]);
  expect((await harness.logs.decisions.last())?.record).toMatchObject({
    id: "default-1",
    actor: "operator",
    outcome: "applied",
    applied: five,
    proposal: "default-0",
    reason: "replicas 4 → 5 (approved by ada (looks right): replicas 4 → 5 (wishful: as wished))",
  });
  await expect(harness.loop.approve("default-0", answer)).rejects.toThrow(
    /expected one that is pending, found it approved/,
  );
  expect(harness.cluster.writes).toHaveLength(1);
  // What was approved is in force: nothing more is proposed.
  expect(await harness.pass()).toMatchObject({ outcome: "held" });
  await harness.close();
});

test("an approved change that fails half-way is put back as long as that takes, though the mode writes nothing else", async () => {
  const harness = await advised();
  harness.cluster.refusals.push(new Error("timeout"), new Error("timeout again"));
  expect(await harness.loop.approve("default-0", answer)).toMatchObject({ status: "approved", decision: "default-1" });
  expect((await harness.logs.decisions.last())?.record).toMatchObject({ outcome: "failed", applied: null });
  expect((await harness.pass()).reason).toMatch(/put back after the failed change/);
  await harness.passes(3);
  expect(harness.cluster.writes).toEqual([{ configuration: initial, trial: undefined }]);
  await harness.close();
});

test("rejected, it is not made again before it would have expired, and then it is", async () => {
  const harness = await advised();
  expect(await harness.loop.reject("default-0", { by: "ada", note: "not in the sale" })).toMatchObject({
    status: "rejected",
  });
  expect((await harness.logs.decisions.last())?.record).toMatchObject({
    outcome: "rejected",
    applied: null,
    proposed: five,
    reason: "rejected by ada: not in the sale",
  });
  // Made at 60 s, it would have expired at 960 s.
  await harness.passes(14);
  expect(harness.loop.proposals()).toHaveLength(1);
  await harness.pass();
  expect(harness.loop.proposals().map(({ status }) => status)).toEqual(["rejected", "pending"]);
  expect(harness.cluster.writes).toEqual([]);
  await harness.close();
});

test("what nobody answered while the metrics were away expires, and can no longer be approved", async () => {
  const harness = await advised();
  for (let i = 0; i < 16; i++) {
    harness.cluster.nextObservation = new Error("no metrics");
    await harness.pass();
  }
  expect(harness.loop.proposals()[0]?.status).toBe("expired");
  await expect(harness.loop.approve("default-0", answer)).rejects.toThrow(StateError);
  expect(harness.cluster.writes).toEqual([]);
  await harness.close();
});

test("a cluster that somebody else has changed meanwhile is not changed on an old picture of it", async () => {
  const harness = await advised();
  harness.cluster.configuration = { replicas: 7, maxBatchSize: 1 };
  harness.cluster.timeS += 60;
  // The pass sees the change, and with it the proposal is another.
  await harness.loop.pass();
  await expect(harness.loop.approve("default-0", answer)).rejects.toThrow(/found it superseded/);
  expect(harness.cluster.writes).toEqual([]);
  await harness.close();
});

test("what a guard holds by now is refused with the guard's reason, and can be approved when it lets go", async () => {
  const harness = await advised();
  harness.cluster.timeS += 300;
  // Seen 300 s ago by windows of 60 s: too stale a picture to act on.
  await harness.loop.rest(async (seconds) => {
    harness.cluster.timeS += seconds;
  });
  for (let i = 0; i < 3; i++) await harness.loop.rest((seconds) => harness.cluster.advance(seconds));
  await expect(harness.loop.approve("default-0", answer)).rejects.toThrow(/staleness: the observation is 240 s old/);
  expect(harness.cluster.writes).toEqual([]);
  await harness.pass();
  const [pending] = harness.loop.proposals().filter(({ status }) => status === "pending");
  expect(await harness.loop.approve(pending?.id ?? "", answer)).toMatchObject({ status: "approved" });
  await harness.close();
});

test.each(["off", "shadow", "active"] as const)("in mode %s nothing can be approved", async (mode) => {
  const harness = await advised();
  await harness.loop.setMode(mode);
  await expect(harness.loop.approve("default-0", answer)).rejects.toThrow(StateError);
  expect(harness.cluster.writes).toEqual([]);
  await harness.close();
});

test("proposals and their answers survive a restart", async () => {
  const first = await advised();
  await first.loop.reject("default-0", answer);
  first.optimizer.wanted = { replicas: 6, maxBatchSize: 1 };
  await first.pass();
  await first.close();
  const second = await Harness.open(folder.path, new FakeCluster(initial, 120), { mode: "advisory" });
  expect(second.loop.proposals().map(({ id, status }) => [id, status])).toEqual([
    ["default-0", "rejected"],
    ["default-2", "pending"],
  ]);
  second.optimizer.wanted = { replicas: 6, maxBatchSize: 1 };
  await second.pass();
  expect(await second.loop.approve("default-2", answer)).toMatchObject({ status: "approved" });
  expect(second.cluster.configuration).toMatchObject({ replicas: 6 });
  await second.close();
});
