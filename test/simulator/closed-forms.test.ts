// The simulator against queueing theory: 99 % confidence intervals around simulated means and percentiles.

import { mmpp } from "../../src/math/index.ts";
import { batchBuffer, bulkConstantServiceWaitS, bulkService, mdc, mg1, mmc, mmck } from "../../src/queueing/index.ts";
import { markovian, poisson } from "../../src/workload/index.ts";
import { estimate, expectWithin } from "./confidence.ts";
import { functionsOnly, IDEAL, onePool } from "./plans.ts";

const MEAN = 0.01;
const TAIL = 0.02;
const exponential = { ...IDEAL, serviceDistribution: "exponential" as const };
const forever = (rateRps: number) => poisson(rateRps, Number.POSITIVE_INFINITY);

describe("one queue, exponential service", () => {
  test.each([
    { name: "M/M/1", rateRps: 60, servers: 1, requests: 600_000 },
    { name: "M/M/10", rateRps: 800, servers: 10, requests: 500_000 },
  ])("$name: mean, p95 and p99 of the response", ({ rateRps, servers, requests }) => {
    const truth = mmc(rateRps, 0.01, servers);
    const run = estimate(
      onePool(forever(rateRps), servers, () => 10, { reality: exponential }),
      requests,
    );
    expectWithin(
      run((totals) => totals.latency.meanMs),
      truth.meanResponseS * 1000,
      MEAN,
    );
    expectWithin(
      run((totals) => totals.latency.p95Ms),
      truth.responseQuantileS(0.95) * 1000,
      TAIL,
    );
    expectWithin(
      run((totals) => totals.latency.p99Ms),
      truth.responseQuantileS(0.99) * 1000,
      TAIL,
    );
  });

  test("M/M/c/K: the share turned away and the response of the others", () => {
    const truth = mmck(500, 0.01, 4, 10);
    const plan = onePool(forever(500), 4, () => 10, { reality: exponential, queueLimit: 6 });
    const run = estimate(plan, 300_000);
    expectWithin(
      run((totals) => totals.dropped / totals.requests),
      truth.lost,
      MEAN,
    );
    expectWithin(
      run((totals) => totals.latency.meanMs),
      truth.meanResponseS * 1000,
      MEAN,
    );
    expectWithin(
      run((totals) => totals.latency.p99Ms),
      truth.responseQuantileS(0.99) * 1000,
      TAIL,
    );
  });
});

describe("one queue, other service", () => {
  test.each([
    { name: "M/D/1", rateRps: 70, servers: 1 },
    { name: "M/D/4", rateRps: 340, servers: 4 },
  ])("$name: mean and p99 of the response", ({ rateRps, servers }) => {
    const truth = mdc(rateRps, 0.01, servers);
    const run = estimate(
      onePool(forever(rateRps), servers, () => 10),
      400_000,
    );
    expectWithin(
      run((totals) => totals.latency.meanMs),
      truth.meanResponseS * 1000,
      MEAN,
    );
    expectWithin(
      run((totals) => totals.latency.p99Ms),
      truth.responseQuantileS(0.99) * 1000,
      TAIL,
    );
  });

  test("M/G/1 with lognormal service: mean response by Pollaczek and Khinchine", () => {
    const cv = 0.8;
    const second = 0.01 ** 2 * (1 + cv ** 2);
    const third = 0.01 ** 3 * (1 + cv ** 2) ** 3;
    const truth = mg1(60, [0.01, second, third]).meanS + 0.01;
    const plan = onePool(forever(60), 1, () => 10, { reality: { ...IDEAL, serviceCv: cv } });
    expectWithin(
      estimate(plan, 600_000)((totals) => totals.latency.meanMs),
      truth * 1000,
      MEAN,
    );
  });
});

describe("batches", () => {
  const batches = (maxBatchSize: number) => ({
    initial: { "instances.m.onDemand": 1, maxBatchSize },
    knobs: [],
  });

  test("bulk service M/M[1,b]/1: mean and p99 of the response", () => {
    const truth = bulkService(300, 0.01, 5);
    const plan = onePool(forever(300), 1, () => 10, { ...batches(5), reality: exponential });
    const run = estimate(plan, 400_000);
    expectWithin(
      run((totals) => totals.latency.meanMs),
      truth.meanResponseS * 1000,
      MEAN,
    );
    expectWithin(
      run((totals) => totals.latency.p99Ms),
      truth.responseQuantileS(0.99) * 1000,
      TAIL,
    );
  });

  test("bulk service M/D[1,b]/1: mean response", () => {
    const truth = bulkConstantServiceWaitS(400, 0.01, 6) + 0.01;
    const run = estimate(
      onePool(forever(400), 1, () => 10, batches(6)),
      400_000,
    );
    expectWithin(
      run((totals) => totals.latency.meanMs),
      truth * 1000,
      MEAN,
    );
  });

  test("a batch buffer fed by a Markovian arrival process: mean and distribution of the latency", () => {
    const map = mmpp([150, 50], [0.5, 1]);
    const serviceS = (batch: number) => 0.02 + 0.004 * batch;
    const truth = batchBuffer(map, 8, 0.06);
    // Latencies have atoms at T + s(k), so shares are compared, between atoms, and percentiles to within a bucket.
    const latenciesMs = [65, 78, 90, 102] as const;
    const [first, ...others] = latenciesMs.map((latencyMs) => ({ percentile: 0.99, latencyMs }));
    const plan = functionsOnly(markovian(map, Number.POSITIVE_INFINITY), (batch) => serviceS(batch) * 1000, 8, 60, {
      slo: [first ?? { percentile: 0.99, latencyMs: 65 }, ...others],
    });
    const run = estimate(plan, 300_000);
    expectWithin(
      run((totals) => totals.latency.meanMs),
      truth.meanLatencyS(serviceS) * 1000,
      MEAN,
    );
    latenciesMs.forEach((latencyMs, i) => {
      expectWithin(
        run((totals) => totals.attained[i] ?? Number.NaN),
        truth.latencyCdf(serviceS, latencyMs / 1000),
        MEAN,
      );
    });
    const [p95, p99] = [run((totals) => totals.latency.p95Ms), run((totals) => totals.latency.p99Ms)];
    expect(Math.abs(p95.mean / truth.latencyQuantileS(serviceS, 0.95) / 1000 - 1)).toBeLessThan(0.01);
    expect(Math.abs(p99.mean / truth.latencyQuantileS(serviceS, 0.99) / 1000 - 1)).toBeLessThan(0.01);
  });
});
