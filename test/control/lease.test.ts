// Two services on one cluster: only the one that holds the lease acts, and the other takes over when it is gone.

import { fileLease, leaseFolder } from "../../src/control/index.ts";
import type { Lease } from "../../src/core/index.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { Harness, initial, temporaryFolder } from "./harness.ts";

const folder = temporaryFolder();
const five = { replicas: 5, maxBatchSize: 1 };

async function twoServices(): Promise<{ cluster: FakeCluster; leader: Harness; follower: Harness }> {
  const cluster = new FakeCluster(initial);
  const lease = (): Lease => fileLease(`${folder.path}/lease`, "a service");
  const leader = await Harness.open(`${folder.path}/a`, cluster, { lease: lease() });
  const follower = await Harness.open(`${folder.path}/b`, cluster, { lease: lease() });
  for (const harness of [leader, follower]) harness.optimizer.wanted = five;
  return { cluster, leader, follower };
}

test("only the leader acts; the follower decides, says who leads, and writes nothing", async () => {
  const { cluster, leader, follower } = await twoServices();
  await leader.loop.resume();
  await follower.loop.resume();
  expect(cluster.writes).toHaveLength(1);
  expect(await leader.pass()).toMatchObject({ outcome: "applied", applied: five });
  follower.optimizer.wanted = { replicas: 6, maxBatchSize: 1 };
  const record = await follower.pass();
  expect(record).toMatchObject({ outcome: "advised", applied: null, mode: "active" });
  expect(record.reason).toMatch(/nothing is sent: another service on this machine leads/);
  expect(record.explanation?.changesMind).toContainEqual(expect.stringMatching(/the lease: another service/));
  expect(follower.loop.status().leader).toBe("another service on this machine");
  await expect(follower.loop.rollback()).rejects.toThrow(/another service on this machine leads/);
  expect(cluster.writes.map(({ configuration }) => configuration)).toEqual([initial, five]);
  await leader.close();
  await follower.close();
});

test("when the leader lets go the other acts in its next pass, on what is in force", async () => {
  const { cluster, leader, follower } = await twoServices();
  await leader.pass();
  await follower.pass();
  await leader.loop.release();
  follower.optimizer.wanted = { replicas: 6, maxBatchSize: 1 };
  expect(await follower.pass()).toMatchObject({ outcome: "applied", reason: expect.stringMatching(/replicas 5 → 6/) });
  leader.optimizer.wanted = { replicas: 7, maxBatchSize: 1 };
  expect(await leader.pass()).toMatchObject({ outcome: "advised" });
  expect(cluster.writes.map(({ configuration }) => configuration["replicas"])).toEqual([5, 6]);
  await leader.close();
  await follower.close();
});

test("a lease lost between deciding and sending is noticed before anything is sent", async () => {
  const cluster = new FakeCluster(initial);
  const standings = [true, false];
  const lease: Lease = {
    hold: async () => ({ leads: standings.shift() ?? false, holder: "pod-7" }),
    release: async () => undefined,
  };
  const harness = await Harness.open(folder.path, cluster, { lease });
  harness.optimizer.wanted = five;
  const record = await harness.pass();
  expect(record).toMatchObject({ outcome: "refused", applied: initial });
  expect(record.reason).toMatch(/pod-7 leads/);
  expect(cluster.writes).toEqual([]);
  await harness.close();
});

test("when nobody can tell who leads nobody acts", async () => {
  const lease: Lease = { hold: () => Promise.reject(new Error("api server away")), release: async () => undefined };
  const harness = await Harness.open(folder.path, new FakeCluster(initial), { lease });
  harness.optimizer.wanted = five;
  expect(await harness.pass()).toMatchObject({ outcome: "advised" });
  expect(harness.loop.status().leader).toBe("nobody, because who does could not be told: api server away");
  expect(harness.cluster.writes).toEqual([]);
  await harness.close();
});

test("the lease of a cluster is the same for the same adapter and options, whatever order they are in", () => {
  expect(leaseFolder("triton", { a: 1, b: 2 })).toBe(leaseFolder("triton", { b: 2, a: 1 }));
  expect(leaseFolder("triton", { a: 1 })).not.toBe(leaseFolder("external", { a: 1 }));
});

test("a lease can be held again after it was released, and releasing twice is quiet", async () => {
  const first = fileLease(`${folder.path}/lease`, "first");
  const second = fileLease(`${folder.path}/lease`, "second");
  expect(await first.hold()).toEqual({ leads: true, holder: "first" });
  expect(await first.hold()).toMatchObject({ leads: true });
  expect(await second.hold()).toMatchObject({ leads: false });
  await first.release();
  await first.release();
  expect(await second.hold()).toMatchObject({ leads: true });
  await second.release();
});
