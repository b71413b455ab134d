// What is learnt across applications: carried from one to the next, and where a new one begins.

import { join } from "node:path";
import { type AdaptationBenchRun, adaptationRows } from "../../bench/adaptation.ts";
import { figureOver, meanOf } from "../../bench/resampling.ts";
import { application } from "../../environments/application.ts";
import { openScenario } from "../../environments/index.ts";
import { CheckpointError } from "../../src/core/index.ts";
import { canonicalJson } from "../../src/spaces/index.ts";
import { type Checkpoint, encodeCheckpoint } from "../../src/store/index.ts";
import { trainAcross } from "../../src/training/across.ts";
import { adaptationRun, windowsUntil } from "../../src/training/adaptation.ts";
import { train } from "../../src/training/index.ts";

const SMALL = "meta:hidden=8,units=4,steps=3,rollout=24,batch=12,passes=1,clone=24";

/** The network of a policy, as text. */
const network = ({ spec }: Checkpoint): string =>
  canonicalJson(Object.fromEntries(Object.entries(spec.parameters ?? {}).filter(([key]) => key === "network")));

test("networks and counts are carried from application to application, the same bytes every time", async () => {
  const order = { agent: SMALL, shown: 1, windows: 24, seed: 1 };
  const two = await trainAcross({ ...order, applications: [1001, 1002] });
  const again = await trainAcross({ ...order, applications: [1001, 1002] });
  expect(Buffer.from(encodeCheckpoint(again)).equals(Buffer.from(encodeCheckpoint(two)))).toBe(true);
  expect(two).toMatchObject({ environment: "trimtab/Application1002-v0", agent: SMALL });
  expect(two.spec.training).toMatchObject({ steps: 48, episodes: 2 });
  const one = await trainAcross({ ...order, applications: [1001, 1002], onApplication: () => false });
  expect(one.spec.training).toMatchObject({ steps: 24, episodes: 1 });
  expect(network(one) === network(two)).toBe(false);
}, 60_000);

test("a new agent starts with what was learnt and its own settings, on a lattice that fits alone", async () => {
  const start = await trainAcross({ agent: SMALL, applications: [1001], shown: 0, windows: 24, seed: 1 });
  const open = await openScenario(application(3), { dataFolder: null });
  const agent = SMALL.replace("rollout=24", "rollout=500");
  const warm = await train(open, { agent, seed: 2, episodes: 1, start, onStep: ({ step }) => step < 3 });
  // Fewer windows than a rollout: nothing new was learnt, so the network is the one it started with.
  expect(network(warm) === network(start)).toBe(true);
  expect(warm.snapshot.state).toMatchObject({ settings: { rollout: 500, hidden: 8 } });
  const other = await openScenario(join(__dirname, "..", "fixtures", "tiny-fleet.yaml"), { dataFolder: null });
  await expect(train(other, { agent, seed: 2, episodes: 1, start })).rejects.toThrow(CheckpointError);
  await expect(train(open, { agent: "ppo", seed: 2, episodes: 1, start })).rejects.toThrow(/expected ppo/);
}, 60_000);

test("policies are scored on the same arrivals: one that learns nothing keeps its score, and is adapted at once", async () => {
  const start = await trainAcross({ agent: SMALL, applications: [1001], shown: 0, windows: 24, seed: 1 });
  const open = await openScenario(application(2), { dataFolder: null });
  const agent = SMALL.replace("rollout=24", "rollout=500");
  const order = { agent, learnt: start.snapshot, seed: 1, windows: 8, every: 4, scored: 6 };
  const run = await adaptationRun(open, order);
  expect(run.scores).toHaveLength(3);
  expect(new Set(run.scores).size).toBe(1);
  expect(run).toMatchObject({ converged: run.scores[0], adaptedAfter: 0 });
  expect(run.violations).toBeLessThanOrEqual(8);
}, 60_000);

test("windows until within 5 % of a level, by hand", () => {
  // 5 % below -1 is -1.05.
  expect(windowsUntil([-2, -1.2, -1.04, -1], 64, -1)).toBe(128);
  expect(windowsUntil([-1, -1], 64, -1)).toBe(0);
  expect(windowsUntil([-2, -2, -2], 64, -1)).toBe(128);
});

const row = (method: AdaptationBenchRun["method"], name: string, seed: number, adaptedAfter: number) => ({
  method,
  application: name,
  seed,
  adaptedAfter,
  reachedBestAfter: 2 * adaptedAfter,
  first: -2,
  converged: -1,
  violations: method === "meta" ? 1 : 3,
});

test("methods are compared on the same applications and seeds", () => {
  const runs = ["a", "b"].flatMap((name) =>
    [1, 2].flatMap((seed) => [row("meta", name, seed, name === "a" ? 0 : 64), row("transfer", name, seed, 320)]),
  );
  const { methods, timesSooner, timesSoonerToBest } = adaptationRows(runs);
  expect(methods).toMatchObject([
    { method: "meta", adaptedAfter: { value: 32 }, violationsPerRun: { value: 1, low: 1, high: 1 } },
    { method: "transfer", adaptedAfter: { value: 320, low: 320, high: 320 }, convergedReward: { value: -1 } },
  ]);
  // 320/32; drawing only a gives 320/1, only b 320/64.
  expect(timesSooner).toEqual({ value: 10, low: 5, high: 320 });
  expect(timesSoonerToBest.value).toBe(10);
});

test("intervals come from drawing applications, and of each its seeds", () => {
  const cells = [1, 2, 3, 4].flatMap((name) =>
    [1, 2].map((seed) => ({ application: `application-${name}`, seed, value: name })),
  );
  const { value, low, high } = figureOver(cells, (drawn) => meanOf(drawn, (one) => one.value));
  expect(value).toBe(2.5);
  // The standard error over four applications is sqrt(1.25/4) = .56.
  expect(low).toBeGreaterThanOrEqual(1);
  expect(low).toBeLessThan(2);
  expect(high).toBeGreaterThan(3);
  expect(high).toBeLessThanOrEqual(4);
});
