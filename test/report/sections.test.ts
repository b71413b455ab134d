// Sections of the results page from other benchmarks' JSON.

import { reportSections } from "../../bench/report-sections.ts";

const within = { geomean: 3.5, median: 3, q1: 2, q3: 6, solvedShare: 0.94 };
const search = {
  problems: ["bert-heavy", "llm-light"],
  seeds: [1, 2, 3],
  windows: 60,
  notes: ["gp-ucb had no prior."],
  algorithms: [
    {
      name: "region-sim",
      toWithin5: within,
      toWithin10: { ...within, geomean: 2.25 },
      unsafeShare: 0.011,
      unsafeFirst20: 0.027,
      overTwiceSloShare: 0.0025,
      latencyPaid: { median: 1.04, q1: 1.01, q3: 1.1 },
      decisionMicros: { p50: 40, p99: 310 },
      planMs: { p50: 90, p99: 250 },
    },
  ],
  ratios: [{ algorithm: "region-sim", over: "gp-ucb", ratio: 8.1, low: 6.5, high: 10.2, wins: 2, losses: 0 }],
};

const evaluation = {
  scenario: "image-mmpp",
  seeds: [1],
  requests: 2e6,
  bound: { lpUsd: 4, integerLateUsd: 5, integerUsd: null, clairvoyantUsd: 6 },
  policies: ["dear", "cheap", "late"].map((name, i) => ({
    name,
    usd: [9, 8, 1][i],
    usdPerMillion: [4.5, 4, 0.5][i],
    costToBound: [1.5, 1.333, 0.167][i],
    slo: [{ percentile: 0.98, latencyMs: 500, attained: 0.991 }],
    met: name !== "late",
    hoursMissed: name === "late" ? 3 : 0,
    latencyMs: { p99: 420 },
    offloadedShare: 0.02,
    decisionMicros: { p50: 12 },
  })),
};

test("documents are told apart by what they hold; a search's title is its file's name", () => {
  const sections = reportSections([
    { path: "/somewhere/search-wrong-physics.json", content: search },
    { path: "evaluations.json", content: { evaluations: [evaluation] } },
  ]);
  expect(sections.map((text) => text.split("\n")[0])).toEqual(["## image-mmpp", "## Search: wrong physics"]);
  expect(sections[1]).toContain(
    "| `region-sim` | 3.50 | 2, 3, 6 | 2.25 | 94 % | 1.1 % | 2.7 % | 0.25 % | 1.04 | 40 / 310 | 250 |",
  );
  expect(sections[1]).toContain("| `gp-ucb` | 8.10 (6.50 to 10.20), 2 : 0 |");
  expect(sections[1]).toContain("- gp-ucb had no prior.");
});

test("recovery after a change, and what learning cost, have tables of their own", () => {
  const change = {
    seeds: [1, 2],
    windowsBefore: 30,
    windowsAfter: 30,
    changes: [
      {
        change: "heavier",
        name: "region-sim",
        toWithin10: { geomean: 3.656, median: 2.5, q3: 4.4 },
        recoveredShare: 0.89,
        noticedShare: 0.22,
        unsafeOfFirst20: { mean: 3.44, worst: 10.1 },
      },
    ],
    perProblem: [
      { change: "heavier", problem: "a" },
      { change: "slower", problem: "b" },
    ],
  };
  const learning = { application: "application-1", meanReward: -1, servingFrom: null };
  const bootstrap = {
    intervals: 400,
    seeds: [1, 2],
    optimizer: "mark",
    bare: "ppo",
    agents: [{ agent: "bootstrapped" }],
    runs: [1, 2].flatMap((seed) => [
      { ...learning, seed, agent: "ppo", violations: 8, usd: 20, lateUsd: 5, trust: null },
      { ...learning, seed, agent: "mark", violations: 0, usd: 10, lateUsd: 2, trust: null },
      { ...learning, seed, agent: "bootstrapped", violations: 2, usd: 9, lateUsd: 3, trust: "serving" },
    ]),
  };
  const sections = reportSections([
    { path: "b.json", content: bootstrap },
    { path: "c.json", content: change },
  ]);
  expect(sections[0]).toContain("| heavier (1 problems) | `region-sim` | 3.66 | 89 % | 22 % | 3.4 / 10.1 |");
  expect(sections[1]).toContain("1 made-up applications, seeds 1, 2:");
  // Serves in both runs, no dearer over all intervals, dearer over the last quarter.
  expect(sections[1]).toContain(
    "| `bootstrapped` | 2.0 (2.0 to 2.0) | 4.00 (4.00 to 4.00) | 100 (100 to 100) | 100 (100 to 100) | 0 (0 to 0) | 0.900 (0.900 to 0.900) |",
  );
});

test("methods that adapt stand side by side, with how much sooner the one is", () => {
  const interval = { value: 64, low: 0, high: 128 };
  const method = {
    adaptedAfter: interval,
    reachedBestAfter: interval,
    firstReward: { value: -0.7, low: -0.8, high: -0.6 },
    convergedReward: { value: -0.6, low: -0.7, high: -0.5 },
    violationsPerRun: { value: 1, low: 0, high: 2 },
  };
  const content = {
    seeds: [1, 2],
    windows: 1024,
    every: 64,
    trained: 600,
    sources: 24,
    methods: ["meta", "transfer"].map((name) => ({ method: name, ...method })),
    timesSooner: { value: 5.5, low: 4, high: 7 },
    timesSoonerToBest: { value: 3, low: 2, high: 4 },
    runs: [{ application: "application-1" }, { application: "application-2" }],
  };
  const [section = ""] = reportSections([{ path: "a.json", content }]);
  expect(section).toContain("2 made-up applications that nothing was trained on, seeds 1, 2, 1024 windows each");
  expect(section).toContain(
    "| meta | 64 (0 to 128) | 64 (0 to 128) | -0.700 (-0.800 to -0.600) | -0.600 (-0.700 to -0.500) | 1.0 (0.0 to 2.0) |",
  );
  expect(section).toContain("`meta` adapts 5.5 (4.0 to 7.0) times sooner, and is near the better 3.0 (2.0 to 4.0)");
});

test("a real tuning run lists the best configurations, and what each method kept beside them", () => {
  const [section] = reportSections([
    {
      path: "live.json",
      content: {
        arrivals: "a trace, from second 10 on",
        rateRps: 1199.6,
        runtime: "onnxruntime-web",
        percentile: 0.95,
        sloMs: 8,
        seed: 1,
        configurations: 63,
        initial: { configuration: { concurrency: 2, maxBatchSize: 32 }, rank: 54 },
        best: [{ configuration: { concurrency: 1, maxBatchSize: 8 }, onceMs: 1.61, againMs: [1.7, 1.8] }],
        spread: 1.4,
        results: [
          {
            method: "region-sim",
            told: "prior",
            kept: { concurrency: 1, maxBatchSize: 8 },
            keptRank: 1,
            toBest: { ratio: 1, low: 1, high: 1 },
            within10: "yes",
            windowsToWithin10: 3.3125,
            brokeSloShare: 0.043,
          },
        ],
        searches: [],
        minutes: 26.4,
      },
    },
  ]);
  expect(section).toMatch(/^## Real servers\n/);
  expect(section).toContain("methods start from 2 / 32, number 54");
  expect(section).toContain("| 1 / 8 | 1.61 | 1.75 (1.70 to 1.80) |");
  expect(section).toContain("| `region-sim` | prior | 1 / 8 | 1 | 1.00 (1.00 to 1.00) | yes | 3.3 windows | 4 % |");
});

test("policies that met the SLO come first, the cheapest on top", () => {
  const [section = ""] = reportSections([{ path: "e.json", content: { evaluations: [evaluation] } }]);
  const names = [...section.matchAll(/^\| `(\w+)`/gm)].map((match) => match[1]);
  expect(names).toEqual(["cheap", "dear", "late"]);
  expect(section).toContain("lp 2.00, integerLate 2.50, integer –, clairvoyant 3.00");
});

test("what evaluate prints is a section as it is", () => {
  const both = [{ evaluations: [evaluation] }, evaluation].map((content, i) =>
    reportSections([{ path: `${i}.json`, content }]),
  );
  expect(both[1]).toEqual(both[0]);
});

test("a document of no benchmark, and one that is not whole, are refused by path and field", () => {
  expect(() => reportSections([{ path: "x.json", content: { answer: 42 } }])).toThrow(
    /x\.json: .*expected the JSON of trimtab bench results or trimtab evaluate or trimtab bench search.*bench bootstrap.*found keys answer/,
  );
  expect(() => reportSections([{ path: "y.json", content: 7 }])).toThrow(/y\.json/);
  const broken = { ...search, windows: "many" };
  expect(() => reportSections([{ path: "s.json", content: broken }])).toThrow(/s\.json: windows: expected number/);
});
