// The contract of searches: a suite that any registry entry passes, on a surface whose optimum is known.

import { ConfigError, type Configuration, type Objective, type WindowMetrics } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import type { SearchContext, SearchEntry } from "../../src/optimizers/index.ts";
import { knobLattice } from "../../src/spaces/index.ts";
import { knob } from "../optimizers/problems.ts";

const lattice = knobLattice(
  [
    knob("concurrency", [1, 2, 3, 4, 6, 8, 12, 16]),
    knob("maxBatchSize", [1, 2, 4, 8, 16, 32]),
    knob("maxBatchDelayMs", [0, 10, 20, 50]),
  ],
  (c) => c["maxBatchSize"] !== 1 || c["maxBatchDelayMs"] === 0,
);

/** Kept by a few of the configurations that cost 6, and by none that costs less: 60 e^0.223 = 75. */
const SLO_MS = 75;

const objective: Objective = {
  minimize: "cost",
  slo: [{ percentile: 0.99, latencyMs: SLO_MS }],
  reward: { referenceUsdPerHour: 1, latency: 1, miss: 1, change: 0 },
};

/** A bowl of log latency with its lowest point at concurrency 8, batch 8, delay 10; more instances cost more. */
export function surface(configuration: Configuration): { latencyMs: number; usdPerHour: number } {
  const position = lattice.coordinates(configuration);
  const [c = 0, b = 0, d = 0] = position;
  const bowl = 0.09 * (c - 5) ** 2 + 0.12 * (b - 3) ** 2 + 0.06 * (d - 1) ** 2;
  return { latencyMs: 60 * Math.exp(bowl), usdPerHour: Number(configuration["concurrency"]) };
}

export function window(latencyMs: number | null, usdPerHour: number): WindowMetrics {
  const ms = latencyMs ?? 0;
  const latency = {
    meanMs: ms,
    p50Ms: ms,
    p95Ms: ms,
    p99Ms: ms,
    objectiveMs: ms,
    missRatio: ms > SLO_MS ? 0.1 : 0,
    resolution: 0,
  };
  return {
    durationS: 60,
    requests: 1000,
    arrivals: { rateRps: 16, recentRatesRps: [], dispersion: null, peakToMedian: null },
    latency: latencyMs === null ? null : latency,
    queueLength: 0,
    utilization: 0.5,
    meanBatchSize: 1,
    service: null,
    dropped: 0,
    offloadedShare: 0,
    costUsdPerHour: usdPerHour,
    costUsd: usdPerHour / 60,
  };
}

function contextOf(seed: number, minimize: Objective["minimize"]): SearchContext {
  return {
    lattice,
    objective: { ...objective, minimize },
    random: new SeededRandom(seed),
    initial: { concurrency: 1, maxBatchSize: 1, maxBatchDelayMs: 0 },
  };
}

/** What a search asked for, window by window, when told the surface. */
function walk(entry: SearchEntry, context: SearchContext, windows: number) {
  const search = entry.create(context);
  const asked: Configuration[] = [];
  for (let i = 0; i < windows; i++) {
    const proposal = search.ask();
    expect(proposal.reason.length).toBeGreaterThan(3);
    expect(lattice.contains(proposal.configuration)).toBe(true);
    asked.push(proposal.configuration);
    const { latencyMs, usdPerHour } = surface(proposal.configuration);
    search.tell(proposal.configuration, window(latencyMs, usdPerHour));
  }
  return { search, asked };
}

/** The best of a list by brute force: cheapest within the SLO, else fastest. */
function bestOf(configurations: readonly Configuration[], minimize: Objective["minimize"]): number {
  const seen = configurations.map(surface);
  const kept = seen.filter(({ latencyMs }) => latencyMs <= SLO_MS);
  if (minimize === "latency" || kept.length === 0) return Math.min(...seen.map(({ latencyMs }) => latencyMs));
  return Math.min(...kept.map(({ usdPerHour }) => usdPerHour));
}

/** What every search promises. */
export function searchContract(entry: SearchEntry): void {
  test.each(["cost", "latency"] as const)("minimising %s it keeps the best it measured", (minimize) => {
    const { search, asked } = walk(entry, contextOf(1, minimize), 40);
    const { latencyMs, usdPerHour } = surface(search.best());
    const byCost = minimize === "cost" && asked.some((one) => surface(one).latencyMs <= SLO_MS);
    expect(byCost ? usdPerHour : latencyMs).toBe(bestOf(asked, minimize));
    expect(asked).toContainEqual(search.best());
  });

  test("the same context asks the same questions", () => {
    expect(walk(entry, contextOf(2, "cost"), 30).asked).toEqual(walk(entry, contextOf(2, "cost"), 30).asked);
  });

  test("before anything was told, the best is where it starts", () => {
    expect(entry.create(contextOf(3, "cost")).best()).toEqual(contextOf(3, "cost").initial);
  });

  test("a window in which nothing was served is the worst there is, not a zero", () => {
    const search = entry.create(contextOf(4, "cost"));
    const first = search.ask().configuration;
    search.tell(first, window(null, 0.001));
    const second = search.ask().configuration;
    search.tell(second, window(SLO_MS - 1, 5));
    if (lattice.index(first) !== lattice.index(second)) expect(search.best()).toEqual(second);
  });

  test("unknown settings are refused with their path", () => {
    expect(() => entry.create(contextOf(5, "cost"), { noSuchSetting: 1 })).toThrow(ConfigError);
    expect(() => entry.create(contextOf(5, "cost"), { noSuchSetting: 1 })).toThrow(`${entry.name}.noSuchSetting`);
  });
}

/** Windows until the kept configuration is the optimum; Infinity when never within the budget. */
export function windowsToOptimum(
  entry: SearchEntry,
  seed: number,
  minimize: Objective["minimize"],
  budget: number,
): number {
  const best = bestOf(lattice.all(), minimize);
  const search = entry.create(contextOf(seed, minimize));
  for (let i = 1; i <= budget; i++) {
    const { configuration } = search.ask();
    const { latencyMs, usdPerHour } = surface(configuration);
    search.tell(configuration, window(latencyMs, usdPerHour));
    const kept = surface(search.best());
    const met = kept.latencyMs <= SLO_MS;
    if (minimize === "latency" ? kept.latencyMs <= 1.05 * best : met && kept.usdPerHour <= 1.05 * best) return i;
  }
  return Number.POSITIVE_INFINITY;
}

/** Allowed configurations of the surface. */
export const surfaceSize = lattice.all().length;
