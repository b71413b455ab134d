// Replay: recorded passes through other policies by the same loop, and what their choices would have been worth.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OpenScenario, openScenario } from "../../environments/index.ts";
import { embeddedCluster, openLoop } from "../../src/control/index.ts";
import type { Configuration } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { openStore, type Store } from "../../src/store/index.ts";
import { type ComparedWindow, findPolicy, offPolicyEstimate, readPasses, replay } from "../../src/training/index.ts";
import { FakeCluster } from "../control/fake-cluster.ts";
import { Harness, initial, temporaryFolder } from "../control/harness.ts";

const folder = temporaryFolder();

describe("off-policy estimate", () => {
  /** Windows under configurations in turn, another policy choosing `chosen` each time. */
  async function compared(
    recorded: readonly Configuration[],
    chosen: Configuration,
    distort: (cluster: FakeCluster) => void = () => undefined,
  ) {
    const cluster = new FakeCluster(initial);
    const harness = await Harness.open(folder.path, cluster);
    const windows: ComparedWindow[] = [];
    let before = await cluster.observe();
    for (let i = 0; i < 200; i++) {
      const running = recorded[i % recorded.length] ?? initial;
      cluster.configuration = running;
      distort(cluster);
      await cluster.advance(60);
      const after = await cluster.observe();
      windows.push({ before, after, recorded: running, chosen });
      before = after;
    }
    const estimate = offPolicyEstimate(harness.context, windows, new SeededRandom(1));
    await harness.close();
    if (estimate === null) throw new Error("expected an estimate, found none");
    return estimate;
  }
  const four = { replicas: 4, maxBatchSize: 1 };
  const five = { replicas: 5, maxBatchSize: 1 };

  test("where both chose alike the advantage is nothing, and all of it is measured", async () => {
    const { advantage, agreedShare, measuredShare, recorded, policy } = await compared([four], four);
    expect(advantage).toEqual({ estimate: 0, low: 0, high: 0 });
    expect([agreedShare, measuredShare]).toEqual([1, 1]);
    expect(policy.usdPerHour.estimate).toBe(recorded.usdPerHour);
  });

  test("a choice of one machine less, where the model is right, is worth what a machine costs", async () => {
    // Reward is minus cost over 4 USD/h: three machines instead of four or five in turn.
    const { advantage, policy, recorded, agreedShare } = await compared([four, five], { replicas: 3, maxBatchSize: 1 });
    expect(recorded.usdPerHour).toBeCloseTo(4.5, 9);
    expect(policy.usdPerHour.estimate).toBeCloseTo(3, 9);
    expect(advantage.estimate).toBeCloseTo(1.5 / 4, 6);
    expect(advantage.low).toBeLessThanOrEqual(advantage.estimate);
    expect(advantage.high).toBeGreaterThanOrEqual(advantage.estimate);
    expect(agreedShare).toBe(0);
  });

  test("where the model was wrong about what was measured, its word on what was not is doubted by as much", async () => {
    const wrongOfFive = (cluster: FakeCluster): void => {
      cluster.distort = (state) => {
        const { latency } = state.metrics;
        if (latency === null || state.configuration["replicas"] !== 5) return state;
        return { ...state, metrics: { ...state.metrics, latency: { ...latency, objectiveMs: 400, missRatio: 0.5 } } };
      };
    };
    const three = { replicas: 3, maxBatchSize: 1 };
    const sure = await compared([four, five], three);
    rmSync(folder.path, { recursive: true, force: true });
    const doubted = await compared([four, five], three, wrongOfFive);
    const width = ({ advantage }: typeof sure): number => advantage.high - advantage.low;
    expect(width(doubted)).toBeGreaterThan(5 * width(sure));
    expect(doubted.measuredShare).toBe(0);
    expect(doubted.recorded.lateShare).toBeCloseTo(0.5, 2);
  });

  test("what the model cannot speak of is left out, and nothing at all gives no estimate", async () => {
    const cluster = new FakeCluster(initial);
    const harness = await Harness.open(folder.path, cluster);
    const state = await cluster.observe();
    const chosen = { replicas: 99, maxBatchSize: 1 };
    const windows = [{ before: state, after: state, recorded: initial, chosen }];
    expect(offPolicyEstimate(harness.context, windows, new SeededRandom(1))).toBeNull();
    await harness.close();
  });
});

describe("replay of a service's log", () => {
  const PASSES = 100;
  let kept: string;
  let log: string;
  let task: OpenScenario;
  let store: Store;
  beforeAll(async () => {
    task = await openScenario("image-diurnal", { dataFolder: null });
    kept = mkdtempSync(join(tmpdir(), "trimtab-replayed-"));
    log = join(kept, "clusters", "default");
    store = await openStore(kept);
    const { loop, adapter, close } = await openLoop({
      name: "default",
      task,
      source: { scenario: "image-diurnal" },
      dataFolder: null,
      agent: "q-table",
      optimizer: "mark",
      mode: "active",
      seed: 1,
      logs: await store.cluster("default"),
      trained: async () => null,
      openAdapter: async (_, random) => embeddedCluster(task, random, { timeS: 0, configuration: null }),
      sendsInitial: true,
      budgetUsdPerHour: task.budgetUsdPerHour,
      changeBudgets: [],
      lease: null,
      proposalLifeS: 900,
    });
    await loop.resume();
    for (let pass = 0; pass < PASSES; pass++) {
      await loop.rest((seconds) => adapter.advance(seconds));
      await loop.pass();
    }
    await close();
  }, 120_000);
  afterAll(async () => {
    await store.close();
    rmSync(kept, { recursive: true, force: true });
  });

  async function replayed(name: string) {
    const passes = await readPasses(log, 86_400);
    const rules = { optimizer: "mark", budgetUsdPerHour: task.budgetUsdPerHour, changeBudgets: [], seed: 1 };
    let micros = 0;
    const nowMicros = (): number => (micros += 1);
    return replay({ cluster: "default", task, passes, policy: await findPolicy(name), ...rules, nowMicros });
  }

  test("read while its store is in use, passes come in order with the history each had", async () => {
    const passes = await readPasses(log, 86_400);
    expect(passes).toHaveLength(PASSES);
    passes.forEach(({ observation }, i) => {
      expect(observation.timeS).toBeGreaterThan(passes[i - 1]?.observation.timeS ?? -1);
      expect(observation.history.at(-1)?.timeS).toBe(observation.timeS);
    });
    // Ten windows of 60 s, and the one the stretch begins with.
    expect(await readPasses(log, 600)).toHaveLength(11);
  });

  test("through the rule that acted it decides nearly always alike; through another it says what it would have done", async () => {
    const same = await replayed("mark");
    const other = await replayed("static");
    expect(same.decisions).toBe(PASSES);
    expect(same.estimate?.agreedShare).toBeGreaterThan(0.6);
    expect(same.differences.length).toBeLessThan(other.differences.length);
    const [difference] = other.differences;
    expect(difference?.reason).toMatch(/static/);
    const { advantage, policy, recorded } = other.estimate ?? {};
    expect(policy?.usdPerHour.estimate).toBeGreaterThan(recorded?.usdPerHour ?? 0);
    expect(advantage?.estimate).toBeLessThan(0);
    expect(advantage?.high).toBeLessThan(0);
  });

  test("the same seed gives the same answer", async () => {
    expect(await replayed("static")).toEqual(await replayed("static"));
  });
});

test("a folder without logs, and a log that is damaged in the middle, are refused by name", async () => {
  const empty = mkdtempSync(join(tmpdir(), "trimtab-no-log-"));
  await expect(readPasses(join(empty, "nothing"), 60)).rejects.toThrow(/expected the log of a cluster, found none/);
  const cluster = new FakeCluster(initial);
  const harness = await Harness.open(folder.path, cluster);
  await harness.passes(3);
  await harness.close();
  const decisions = join(folder.path, "clusters", "default", "decisions");
  const [name = ""] = readdirSync(decisions);
  const text = readFileSync(join(decisions, name), "utf8");
  // An unfinished last line was never acknowledged.
  writeFileSync(join(decisions, name), `${text}{"id":"default-3",`);
  expect(await readPasses(join(folder.path, "clusters", "default"), 600)).toHaveLength(3);
  writeFileSync(join(decisions, name), `{"id":\n${text}`);
  await expect(readPasses(join(folder.path, "clusters", "default"), 600)).rejects.toThrow(/expected JSON lines/);
  rmSync(empty, { recursive: true, force: true });
});
