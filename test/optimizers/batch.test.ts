import { checkScenario, openScenario, simulatedCluster } from "../../environments/index.ts";
import type { Configuration } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { createOptimizer } from "../../src/optimizers/index.ts";
import { functions, host, problem, state } from "./problems.ts";

test("it takes the cheapest memory, batch and timeout that keep the SLO, of all points", () => {
  const posed = problem(functions, { rateRps: 40, slo: [{ percentile: 0.95, latencyMs: 900 }] });
  const { configuration, status, explanation } = createOptimizer("batch:margin=0").solve(posed);
  expect(status).toBe("optimal");
  expect(explanation).toContain("the best of 100 points");
  const cost = (c: typeof configuration): number => posed.model.predict(c, posed.load).costUsdPerHour;
  const feasible = posed.lattice.all().filter((c) => posed.model.predict(c, posed.load).objectiveMs <= 900);
  expect(cost(configuration)).toBeCloseTo(Math.min(...feasible.map(cost)), 9);
});

test("an SLO that no point keeps is infeasible, with how near the best comes", () => {
  const posed = problem(functions, { rateRps: 40, slo: [{ percentile: 0.95, latencyMs: 120 }] });
  const { status, explanation, configuration } = createOptimizer("batch:margin=0.4").solve(posed);
  // 380 · 3008/10240 = 111.6 ms at best, over 0.6 · 120 = 72.
  expect(status).toBe("infeasible");
  expect(explanation).toContain("no memory, batch and timeout");
  expect(configuration).toEqual(posed.observation.configuration);
});

test("behind servers it sets batch and delay by the same model with its queue term", () => {
  const posed = problem(host, { rateRps: 25 });
  const { configuration } = createOptimizer("batch").solve(posed);
  const same = posed.lattice.all().filter((c) => c["concurrency"] === 2 && c["intraOpThreads"] === 4);
  const latency = (c: typeof configuration): number => posed.model.predict(c, posed.load).objectiveMs;
  expect(latency(configuration)).toBeCloseTo(Math.min(...same.map(latency)), 6);
});

test("it decides every five minutes", () => {
  const at = (timeS: number) => createOptimizer("batch").solve(problem(functions, { timeS, rateRps: 40 }));
  expect(at(36_060).explanation).toContain("holding until then");
  expect(at(36_000).status).toBe("optimal");
});

test("mbs is batch where sizes are alike, and plans buffers where they are not", () => {
  const slo = [{ percentile: 0.95, latencyMs: 2500 }] as const;
  const posed = problem(functions, { rateRps: 40, slo });
  const batch = createOptimizer("batch").solve(posed);
  expect(createOptimizer("mbs").solve(posed).configuration).toEqual(batch.configuration);
  const { status, explanation, configuration } = createOptimizer("mbs:sizeCv=1,evaluations=8").solve(posed);
  expect(status).toBe("feasible");
  expect(explanation).toMatch(/mbs: \d buffers by size: .* of the work is padding/);
  expect(posed.lattice.contains(configuration)).toBe(true);
});

test("in the simulator batching on functions beats none by the factor the model predicts", async () => {
  const document = {
    name: "functions-only",
    workload: { model: "poisson", rateRps: 20, durationS: 3600 },
    slo: [{ percentile: 0.95, latencyMs: 1500 }],
    objective: { minimize: "cost" },
    models: [{ name: "m", profiles: { function: { linear: { baseMs: 150, perItemMs: 120 } } } }],
    catalogue: { instances: [], spot: false, functions: true, prices: "aws-us-east-1-2026-07" },
    knobs: { functionMemoryMb: [1769], functionBatchSize: [1, 2, 4, 8], maxBatchDelayMs: [0, 50, 100, 200] },
    initial: { functionMemoryMb: 1769, functionBatchSize: 1, maxBatchDelayMs: 0 },
    intervalS: 60,
  };
  const scenario = checkScenario(document, "functions-only");
  const open = await openScenario({ scenario, folder: ".", path: "functions-only" }, { dataFolder: null });
  const measure = async (initial: Configuration): Promise<number> => {
    const cluster = simulatedCluster(open, new SeededRandom(1), { initial });
    await cluster.advance(3000);
    return (await cluster.observe()).metrics.costUsd;
  };
  const posed = { ...problem(functions), ...open, lattice: open.lattice, load: { rateRps: 20 } };
  const observation = { ...state(functions, { rateRps: 20 }), configuration: open.initial };
  const { configuration } = createOptimizer("batch").solve({ ...posed, observation });
  expect(configuration["functionBatchSize"]).toBeGreaterThan(1);
  const single = open.model.predict(open.initial, posed.load).costUsdPerHour;
  const predicted = single / open.model.predict(configuration, posed.load).costUsdPerHour;
  const simulated = (await measure(open.initial)) / (await measure(configuration));
  // 60,000 requests: the noise of a cost is under 1 %.
  expect(predicted).toBeGreaterThan(1.3);
  expect(simulated / predicted).toBeCloseTo(1, 1.5);
});
