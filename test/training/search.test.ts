import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type OpenScenario, openScenario } from "../../environments/index.ts";
import { ConfigError, UnknownNameError } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { algorithmNames, createSearcher } from "../../src/training/search-algorithms.ts";
import { changedScenario, heavierFile } from "../../src/training/search-change.ts";
import { type SearchProblem, searchProblem } from "../../src/training/search-problem.ts";
import { keptRecord, problemKey } from "../../src/training/search-record-file.ts";
import { speedRatio } from "../../src/training/search-report.ts";
import { runSearch, type SearchPhase, type SearchRecord } from "../../src/training/search-run.ts";
import { scoreRun } from "../../src/training/search-score.ts";
import { computeTruth, isWithin, type SearchTruth, type TruthEffort } from "../../src/training/search-truth.ts";

const effort: TruthEffort = {
  windows: 4,
  overloadedWindows: 2,
  refinedWindows: 10,
  mostWindows: 40,
  precision: 0.02,
  mostRefined: 20,
};

let folder: string;
let open: OpenScenario;
let heavy: OpenScenario;
let problem: SearchProblem;
let truth: SearchTruth;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "trimtab-search-"));
  open = await openScenario("test/fixtures/tiny-search-light.yaml", { dataFolder: null });
  heavy = await openScenario("test/fixtures/tiny-search-heavy.yaml", { dataFolder: null });
  problem = searchProblem(open);
  truth = computeTruth(problem, new SeededRandom(1), effort);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function recordOf(algorithm: string, seed: number, phases: readonly SearchPhase[]): SearchRecord {
  return runSearch(phases, createSearcher(algorithm, open, seed), { seed, nowMs: () => 0 });
}

test("the truth of an unloaded single server is its service time's percentile, and the optimum the cheapest that fits", () => {
  const alone = problem.configurations.findIndex(
    (one) => one["concurrency"] === 1 && one["intraOpThreads"] === 4 && one["maxBatchSize"] === 1,
  );
  // 30/4 + 4 + 6 = 17.5 ms at 20 requests per second: ρ = .35; an M/D/1 queue's 95th percentile is 2.2 service times.
  expect((truth.latencyMs[alone] ?? 0) / 17.5).toBeGreaterThan(1.8);
  expect((truth.latencyMs[alone] ?? 0) / 17.5).toBeLessThan(2.6);
  const fits = truth.costUsdPerHour.filter((_, i) => (truth.latencyMs[i] ?? 0) <= 0.97 * problem.sloMs);
  expect(truth.costUsdPerHour[truth.optimum]).toBe(Math.min(...fits));
  expect(isWithin(problem, truth, truth.optimum, 0)).toBe(true);
  expect(isWithin(problem, truth, alone, 0.05)).toBe(false);
});

test("the same phases, method and seed give the same run, and another seed another", () => {
  for (const algorithm of ["region-prior", "region-sim", "region-q", "tpe"]) {
    const once = recordOf(algorithm, 1, [{ problem, windows: 8 }]);
    expect(recordOf(algorithm, 1, [{ problem, windows: 8 }])).toEqual(once);
    expect(recordOf(algorithm, 2, [{ problem, windows: 8 }]).passes).not.toEqual(once.passes);
  }
});

test("windows are counted by what was served: an aborted canary takes its share, each phase its budget", () => {
  const phases = [
    { problem, windows: 6 },
    { problem: searchProblem(heavy), windows: 5 },
  ];
  const { passes } = recordOf("region-prior", 3, phases);
  for (const phase of [0, 1]) {
    const used = passes.filter((pass) => pass.phase === phase).reduce((sum, pass) => sum + pass.share, 0);
    expect(used).toBeGreaterThanOrEqual(phases[phase]?.windows ?? 0);
    expect(used).toBeLessThan((phases[phase]?.windows ?? 0) + 1);
  }
});

test("a run is judged by the truth: when it was near, what was unsafe, what it paid", () => {
  const at = (i: number, share: number, kept: number) => ({ phase: 0, tried: i, share, measuredMs: 100, kept });
  const worst = truth.latencyMs.indexOf(Math.max(...truth.latencyMs));
  const record = {
    passes: [at(worst, 1 / 8, 0), at(0, 1, 0), at(truth.optimum, 1, truth.optimum)],
    trials: 1,
    notices: [],
    decisionMicros: [],
    planMicros: [],
  };
  const safe = { ...truth, latencyMs: truth.latencyMs.map((latency, i) => (i === worst ? latency : 50)) };
  const score = scoreRun(problem, { ...safe, costUsdPerHour: safe.costUsdPerHour.map((c, i) => (i ? c : 99)) }, record);
  expect(score).toMatchObject({ toWithin5: 2.125, toWithin10: 2.125, solved: true, aborts: 1 });
  expect(score.unsafeShare).toBeCloseTo(0.125 / 2.125, 12);
  expect(score.latencyPaid).toBeCloseTo(100 / 50, 12);
});

test("a kept run is read, not made again; another seed or a damaged file is made", async () => {
  const run = { algorithm: "region-prior", seed: 1, phases: [{ key: problemKey(problem, effort), windows: 3 }] };
  let made = 0;
  const make = (): SearchRecord => {
    made++;
    return recordOf("region-prior", 1, [{ problem, windows: 3 }]);
  };
  const first = await keptRecord(run, folder, make);
  expect(await keptRecord(run, folder, make)).toEqual(first);
  expect(made).toBe(1);
  await keptRecord({ ...run, seed: 2 }, folder, make);
  expect(made).toBe(2);
  for (const file of await readdir(folder)) await writeFile(join(folder, file), "{ damaged");
  expect(await keptRecord(run, folder, make)).toEqual(first);
  expect(made).toBe(3);
});

test("slower is half as slow again everywhere, reversed gives one thread the speed of four", () => {
  const slower = searchProblem(changedScenario(open, "slower", null));
  const reversed = searchProblem(changedScenario(open, "reversed", null));
  problem.machines.forEach((machine, i) => {
    expect(slower.machines[i]?.serviceMs[1]).toBeCloseTo(1.5 * (machine.serviceMs[1] ?? 0), 9);
  });
  const single = (threads: number): number =>
    problem.configurations.findIndex((one) => one["concurrency"] === 1 && one["intraOpThreads"] === threads);
  expect(reversed.machines[single(1)]?.serviceMs[1]).toBeCloseTo(problem.machines[single(4)]?.serviceMs[1] ?? 0, 9);
  expect(reversed.machines[single(2)]?.serviceMs[1]).toBeCloseTo(problem.machines[single(2)]?.serviceMs[1] ?? 0, 9);
});

test("heavier is the scenario beside it, of the same knobs and SLO", () => {
  expect(heavierFile("a/b-light.yaml")).toBe("a/b-heavy.yaml");
  expect(() => heavierFile("a/b.yaml")).toThrow(/expected a scenario file whose name ends in -light, found a\/b.yaml/);
  expect(changedScenario(open, "heavier", heavy)).toBe(heavy);
  const others = { ...heavy, objective: { ...heavy.objective, slo: [{ percentile: 0.95, latencyMs: 1 }] as const } };
  expect(() => changedScenario(open, "heavier", others)).toThrow(ConfigError);
});

test("the method with the prior and the guards is in every table, and an unknown one is refused", () => {
  expect(algorithmNames(["q-table"])).toEqual(["q-table", "gp-prior"]);
  expect(algorithmNames(["all"]).filter((name) => name === "gp-prior")).toHaveLength(1);
  expect(() => algorithmNames(["q-tabel"])).toThrow(UnknownNameError);
});

test("a ratio of speeds is the geometric mean over problems, its interval by bootstrap around it", () => {
  const medians = new Map([1, 2, 4, 8].map((own, p) => [`p${p}`, { own, other: own * (p % 2 === 0 ? 2 : 8) }]));
  const { ratio, low, high, wins, losses } = speedRatio("a", "b", medians);
  expect(ratio).toBeCloseTo(4, 9);
  expect([low >= 2, low < 4, high > 4, high <= 8]).toEqual([true, true, true, true]);
  expect([wins, losses]).toEqual([4, 0]);
});
