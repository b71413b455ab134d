import { type MarkovianArrivals, mmpp, SeededRandom } from "../../src/math/index.ts";
import { batchBuffer, countMatrices } from "../../src/queueing/index.ts";
import { markovModulated, poisson, type Workload } from "../../src/workload/index.ts";

/** Latencies of requests through a size-or-delay buffer with a server for every batch. */
function latencies(
  workload: Workload,
  maxBatch: number,
  delayS: number,
  serviceS: (batch: number) => number,
  seed: number,
): { sorted: Float64Array; meanBatch: number } {
  const source = workload.open(new SeededRandom(seed));
  const block = new Float64Array(4096);
  const found: number[] = [];
  let batch: number[] = [];
  let batches = 0;
  const send = (atS: number): void => {
    const doneS = atS + serviceS(batch.length);
    for (const arrivedS of batch) found.push(doneS - arrivedS);
    batch = [];
    batches++;
  };
  for (let n = source.fill(block); n > 0; n = source.fill(block)) {
    for (let i = 0; i < n; i++) {
      const arrivedS = block[i] ?? 0;
      const opened = batch[0];
      if (opened !== undefined && arrivedS > opened + delayS) send(opened + delayS);
      batch.push(arrivedS);
      if (batch.length === maxBatch) send(arrivedS);
    }
  }
  return { sorted: Float64Array.from(found).sort(), meanBatch: found.length / batches };
}

function at(sorted: Float64Array, q: number): number {
  return sorted[Math.floor(q * sorted.length)] ?? Number.NaN;
}

const single = (rateRps: number): MarkovianArrivals => ({ d0: [[-rateRps]], d1: [[rateRps]] });

describe("count matrices", () => {
  test("of a Poisson process are Poisson probabilities", () => {
    const [, , last] = countMatrices(single(30), 6, 0.2, 2);
    // e^{-6} 6^n / n!
    let probability = Math.exp(-6);
    for (let n = 0; n < 6; n++) {
      expect(last?.[n]).toBeCloseTo(probability, 12);
      probability *= 6 / (n + 1);
    }
  });

  test("long steps give what short ones do", () => {
    const map = mmpp([40, 900], [0.5, 0.1]);
    const coarse = countMatrices(map, 40, 0.4, 4).at(-1);
    const fine = countMatrices(map, 40, 0.4, 400).at(-1);
    const worst = coarse?.reduce((most, value, i) => Math.max(most, Math.abs(value - (fine?.[i] ?? Number.NaN))), 0);
    expect(worst).toBeLessThan(1e-12);
  });
});

describe("a batch buffer", () => {
  test("of two requests under Poisson arrivals is what one works out by hand", () => {
    // A batch of one if nobody comes in T: e^{-λT}. Of two: the second waits 0, the first an exponential cut at T.
    const [rate, delayS] = [20, 0.05];
    const alone = Math.exp(-rate * delayS);
    const buffer = batchBuffer(single(rate), 2, delayS);
    expect(buffer.sizes[1]).toBeCloseTo(alone, 12);
    expect(buffer.meanBatchSize).toBeCloseTo(2 - alone, 12);
    // E of the first's wait, min(T, Exp): (1 - e^{-λT})/λ; over 2 - e^{-λT} requests.
    expect(buffer.meanWaitS).toBeCloseTo((1 - alone) / rate / (2 - alone), 6);
    const x = 0.02;
    expect(buffer.waitCdf(x)).toBeCloseTo((1 - alone + 1 - Math.exp(-rate * x)) / (2 - alone), 5);
    expect(buffer.waitCdf(delayS)).toBeCloseTo(1, 12);
  });

  test("without a delay, or of one, is no buffer", () => {
    for (const buffer of [batchBuffer(single(20), 8, 0), batchBuffer(single(20), 1, 0.1)]) {
      expect(buffer.meanBatchSize).toBe(1);
      expect(buffer.meanWaitS).toBe(0);
      expect(buffer.latencyQuantileS(() => 0.3, 0.99)).toBeCloseTo(0.3, 9);
    }
  });

  test("batch starts are the arrivals after a batch: a slow phase seldom opens one when it hardly arrives", () => {
    // Phases far apart: the sizes must be those of the fast phase alone, for the slow one never sends.
    const buffer = batchBuffer(mmpp([0, 200], [1000, 1000]), 4, 0.01);
    const fast = batchBuffer(single(200), 4, 0.01);
    for (let k = 1; k <= 4; k++) expect(buffer.sizes[k]).toBeCloseTo(fast.sizes[k] ?? Number.NaN, 3);
  });

  const cases: [string, Workload, MarkovianArrivals, number, number, (k: number) => number][] = [
    ["Poisson, milliseconds", poisson(60, 8_000), single(60), 8, 0.1, (k) => 0.005 + 0.002 * k],
    ["Poisson, seconds", poisson(20, 25_000), single(20), 10, 0.2, (k) => 0.5 + 0.5 * k],
    [
      "MMPP, milliseconds",
      markovModulated([20, 150], [1, 0.5], 8_000),
      mmpp([20, 150], [1, 0.5]),
      12,
      0.15,
      (k) => 0.02 + 0.004 * k,
    ],
    ["MMPP, seconds", markovModulated([2, 40], [10, 4], 50_000), mmpp([2, 40], [10, 4]), 16, 0.3, (k) => 0.8 + 0.5 * k],
  ];
  test.each(cases)("agrees with a simulation: %s", (_, workload, map, maxBatch, delayS, serviceS) => {
    const buffer = batchBuffer(map, maxBatch, delayS);
    const { sorted, meanBatch } = latencies(workload, maxBatch, delayS, serviceS, 5);
    expect(Math.abs(buffer.meanBatchSize / meanBatch - 1)).toBeLessThan(0.01);
    const mean = sorted.reduce((a, b) => a + b, 0) / sorted.length;
    expect(Math.abs(buffer.meanLatencyS(serviceS) / mean - 1)).toBeLessThan(0.01);
    for (const q of [0.5, 0.9, 0.95, 0.99]) {
      // Where latency has atoms a quantile may sit on a step's edge: the distribution is compared, not its inverse.
      const x = at(sorted, q);
      const low = buffer.latencyCdf(serviceS, x - 1e-4);
      const high = buffer.latencyCdf(serviceS, x + 1e-4);
      expect(low).toBeLessThan(q + 0.004);
      expect(high).toBeGreaterThan(q - 0.004);
    }
  });

  test("its quantile is the inverse of its distribution", () => {
    const buffer = batchBuffer(mmpp([20, 150], [1, 0.5]), 12, 0.15);
    const serviceS = (k: number): number => 0.02 + 0.004 * k;
    for (const q of [0.5, 0.95, 0.99]) {
      const x = buffer.latencyQuantileS(serviceS, q);
      expect(buffer.latencyCdf(serviceS, x)).toBeGreaterThanOrEqual(q - 1e-9);
      expect(buffer.latencyCdf(serviceS, x - 1e-6)).toBeLessThanOrEqual(q + 1e-9);
    }
  });

  test("finer integration changes it by less than it claims", () => {
    const map = mmpp([20, 150], [1, 0.5]);
    const coarse = batchBuffer(map, 12, 0.15);
    const fine = batchBuffer(map, 12, 0.15, 400);
    for (const x of [0.01, 0.05, 0.1]) expect(Math.abs(coarse.waitCdf(x) - fine.waitCdf(x))).toBeLessThan(2e-5);
  });
});
