import {
  allenCunneenS,
  bulkConstantServiceWaitS,
  bulkService,
  erlangB,
  erlangC,
  mdc,
  mg1,
  mmc,
  mmck,
  sakasegawaS,
} from "../../src/queueing/index.ts";
import { estimate, exponential, quantile, RUNS, SeededRandom, waits } from "./simulate.ts";

const runs = Array.from({ length: RUNS }, (_, seed) => seed + 1);

/** A closed form lies in the 99 % interval of the simulation, which is no wider than it should be. */
function expectInside(closed: number, values: readonly number[], width: number): void {
  const { mean, halfWidth } = estimate(values);
  expect(halfWidth / mean).toBeLessThan(width);
  expect(Math.abs(mean - closed)).toBeLessThan(halfWidth);
}

describe("Erlang's formulas", () => {
  test("loss: by hand for few servers", () => {
    // One server: a/(1+a). Two: (a²/2)/(1 + a + a²/2).
    expect(erlangB(1, 1)).toBeCloseTo(1 / 2, 12);
    expect(erlangB(2, 1)).toBeCloseTo(0.5 / 2.5, 12);
    expect(erlangB(0, 3)).toBe(1);
  });

  test.each([
    [10, 4.461],
    [20, 12.03],
    [50, 37.9],
    [100, 84.06],
  ])("loss: %i lines lose 1 %% at %d erlangs, as in the traffic tables", (lines, erlangs) => {
    expect(erlangB(lines, erlangs)).toBeCloseTo(0.01, 3);
  });

  test("delay: 1/3 with two servers at 1 erlang, 4/9 with three at 2, 0.5541 with five at 4", () => {
    expect(erlangC(2, 1)).toBeCloseTo(1 / 3, 12);
    expect(erlangC(3, 2)).toBeCloseTo(4 / 9, 12);
    expect(erlangC(5, 4)).toBeCloseTo(0.5541, 4);
    expect(erlangC(5, 5)).toBe(1);
  });
});

describe("M/M/c", () => {
  test("one server: responses are exponential with mean s/(1 - ρ)", () => {
    const queue = mmc(8, 0.1, 1);
    expect(queue.meanResponseS).toBeCloseTo(0.5, 12);
    expect(queue.responseCdf(0.7)).toBeCloseTo(1 - Math.exp(-0.7 / 0.5), 12);
    expect(queue.responseQuantileS(0.99)).toBeCloseTo(-0.5 * Math.log(0.01), 8);
    expect(queue.waitQuantileS(0.99)).toBeCloseTo(0.5 * Math.log(0.8 / 0.01), 12);
    expect(queue.waitQuantileS(0.1)).toBe(0);
  });

  test("three servers at 2 erlangs wait 4/9 · s on average", () => {
    const queue = mmc(2, 1, 3);
    expect(queue.meanWaitS).toBeCloseTo(4 / 9, 12);
    expect(queue.utilization).toBeCloseTo(2 / 3, 12);
    // c - a = 1 is the removable singularity of the response's formula: (1 + C x) e^{-x}.
    expect(queue.responseCdf(2)).toBeCloseTo(1 - (1 + (4 / 9) * 2) * Math.exp(-2), 12);
  });

  test("the response's distribution has the response's mean", () => {
    const queue = mmc(42, 0.1, 5);
    let integral = 0;
    for (let i = 0; i < 100_000; i++) integral += (1 - queue.responseCdf((i + 0.5) * 1e-4)) * 1e-4;
    expect(integral).toBeCloseTo(queue.meanResponseS, 6);
  });

  test("with as much load as servers the queue grows without end", () => {
    expect(mmc(10, 0.5, 5).stable).toBe(false);
    expect(mmc(10, 0.5, 5).meanWaitS).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("M/M/c/K", () => {
  test("one server, two places: losses a²/(1 + a + a²)", () => {
    const queue = mmck(0.5, 1, 1, 2);
    expect(queue.lost).toBeCloseTo(0.25 / 1.75, 12);
    // Of those who enter (p0 = 4/7, p1 = 2/7) a third waits one service.
    expect(queue.waits).toBeCloseTo(1 / 3, 12);
    expect(queue.meanWaitS).toBeCloseTo(1 / 3, 12);
    expect(queue.waitCdf(0.7)).toBeCloseTo(1 - Math.exp(-0.7) / 3, 12);
    // Response: Exp(1), or with 1/3 the sum of two: P(R > x) = e^{-x}(1 + x/3).
    expect(queue.responseCdf(1.3)).toBeCloseTo(1 - Math.exp(-1.3) * (1 + 1.3 / 3), 8);
  });

  test("no place to wait is Erlang's loss formula; room without end is M/M/c", () => {
    expect(mmck(8, 0.5, 6, 6).lost).toBeCloseTo(erlangB(6, 4), 12);
    const wide = mmck(8, 0.5, 6, 400);
    const open = mmc(8, 0.5, 6);
    expect(wide.meanWaitS).toBeCloseTo(open.meanWaitS, 10);
    expect(wide.waitQuantileS(0.99)).toBeCloseTo(open.waitQuantileS(0.99), 8);
    expect(wide.responseQuantileS(0.95)).toBeCloseTo(open.responseQuantileS(0.95), 5);
  });

  test("overloaded it is stable, and what enters is what is served", () => {
    const queue = mmck(30, 0.2, 4, 10);
    expect(30 * (1 - queue.lost)).toBeCloseTo((4 * queue.utilization) / 0.2, 10);
  });
});

describe("M/D/c", () => {
  test("one server: the mean is ρ s/(2(1 - ρ)) and the wait has Erlang's distribution", () => {
    for (const load of [0.3, 0.7, 0.95]) {
      const queue = mdc(load, 1, 1);
      expect(queue.meanWaitS).toBeCloseTo(load / (2 * (1 - load)), 7);
      // P(W ≤ x) = (1-ρ) Σ_j (ρ(j - x))^j / j! · e^{-ρ(j - x)}, j up to ⌊x⌋ (Erlang 1909).
      for (const x of [0, 0.4, 1, 2.7, 5.5]) {
        let sum = 0;
        let factorial = 1;
        for (let j = 0; j <= Math.floor(x); j++) {
          if (j > 0) factorial *= j;
          sum += ((load * (j - x)) ** j / factorial) * Math.exp(-load * (j - x));
        }
        expect(queue.waitCdf(x)).toBeCloseTo((1 - load) * sum, 7);
      }
    }
  });

  test.each([
    [2, 0.8],
    [10, 0.9],
    [40, 0.95],
  ])("%i servers at %d: near Cosmetatos' approximation, as it should be", (servers, load) => {
    const shape = (servers - 1) * (Math.sqrt(4 + 5 * servers) - 2);
    const factor = 0.5 * (1 + ((1 - load) * shape) / (16 * load * servers));
    const approximate = factor * mmc(load * servers, 1, servers).meanWaitS;
    expect(Math.abs(mdc(load * servers, 1, servers).meanWaitS / approximate - 1)).toBeLessThan(0.02);
  });

  test.each([
    [3, 0.85],
    [10, 0.9],
  ])("%i servers at %d: a simulation agrees on mean, p95 and p99", (servers, load) => {
    const queue = mdc(load * servers, 1, servers);
    const samples = runs.map((seed) =>
      waits(
        (random) => exponential(random) / (load * servers),
        () => 1,
        servers,
        100_000,
        seed,
      ),
    );
    expectInside(
      queue.meanWaitS,
      samples.map((sample) => sample.reduce((a, b) => a + b, 0) / sample.length),
      0.06,
    );
    expectInside(
      queue.waitQuantileS(0.95),
      samples.map((sample) => quantile(sample, 0.95)),
      0.08,
    );
    expectInside(
      queue.waitQuantileS(0.99),
      samples.map((sample) => quantile(sample, 0.99)),
      0.1,
    );
  });

  test("the wait's distribution has the wait's mean", () => {
    const queue = mdc(17, 1, 20);
    let integral = 0;
    for (let i = 0; i < 4000; i++) integral += (1 - queue.waitCdf((i + 0.5) * 1e-3)) * 1e-3;
    expect(integral).toBeCloseTo(queue.meanWaitS, 6);
  });

  test("without load nobody waits, with too much everybody does for ever", () => {
    expect(mdc(0, 1, 3).meanWaitS).toBe(0);
    expect(mdc(3, 1, 3).waitQuantileS(0.5)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("M/G/1 and G/G/c", () => {
  test("constant and exponential service are the known cases", () => {
    expect(mg1(0.8, [1, 1, 1]).meanS).toBeCloseTo(2, 12);
    const exponentialService = mg1(0.8, [1, 2, 6]);
    expect(exponentialService.meanS).toBeCloseTo(4, 12);
    // W is 0 with 0.2, else Exp with mean 5: E W² = 0.8 · 50 = 40.
    expect(exponentialService.varianceS2).toBeCloseTo(40 - 16, 10);
    expect(mg1(1, [1, 1, 1]).meanS).toBe(Number.POSITIVE_INFINITY);
  });

  test("a simulation of two-point service agrees on the mean", () => {
    // 0.5 s with 0.9, 5 s with 0.1: moments 0.95, 2.725, 12.6125; load 0.7.
    const rate = 0.7 / 0.95;
    const means = runs.map((seed) => {
      const service = (random: { next(): number }): number => (random.next() < 0.9 ? 0.5 : 5);
      const sample = waits((random) => exponential(random) / rate, service, 1, 50_000, seed);
      return sample.reduce((a, b) => a + b, 0) / sample.length;
    });
    expectInside(mg1(rate, [0.95, 2.725, 12.6125]).meanS, means, 0.05);
  });

  test("the approximations are exact where they claim to be", () => {
    expect(allenCunneenS(8, 0.5, 6, 1, 1)).toBeCloseTo(mmc(8, 0.5, 6).meanWaitS, 12);
    expect(allenCunneenS(0.8, 1, 1, 1, 0)).toBeCloseTo(mdc(0.8, 1, 1).meanWaitS, 7);
    expect(sakasegawaS(0.8, 1, 1, 1, 1)).toBeCloseTo(mmc(0.8, 1, 1).meanWaitS, 12);
    expect(sakasegawaS(9, 0.5, 5, 1, 1) / mmc(9, 0.5, 5).meanWaitS).toBeCloseTo(1, 1);
    expect(sakasegawaS(10, 0.5, 5, 1, 1)).toBe(Number.POSITIVE_INFINITY);
  });
});

/** Waits of single requests where a free server takes up to `most` at once. */
function bulkWaits(rate: number, serviceS: (random: SeededRandom) => number, most: number, seed: number): Float64Array {
  const random = new SeededRandom(seed);
  const count = 40_000;
  const arrivals = new Float64Array(count);
  let nowS = 0;
  for (let i = 0; i < count; i++) {
    nowS += exponential(random) / rate;
    arrivals[i] = nowS;
  }
  const found = new Float64Array(count);
  let freeS = 0;
  for (let i = 0; i < count; ) {
    const startS = Math.max(freeS, arrivals[i] ?? 0);
    const first = i;
    while (i < count && i - first < most && (arrivals[i] ?? 0) <= startS) {
      found[i] = startS - (arrivals[i] ?? 0);
      i++;
    }
    freeS = startS + serviceS(random);
  }
  return found.subarray(count / 10);
}

describe("bulk service", () => {
  test("batches of one are M/M/1 and M/D/1", () => {
    const single = mmc(0.7, 1, 1);
    const bulk = bulkService(0.7, 1, 1);
    expect(bulk.meanWaitS).toBeCloseTo(single.meanWaitS, 10);
    expect(bulk.waits).toBeCloseTo(0.7, 10);
    expect(bulk.responseQuantileS(0.99)).toBeCloseTo(single.responseQuantileS(0.99), 7);
    expect(bulkConstantServiceWaitS(0.7, 1, 1)).toBeCloseTo(0.7 / 0.6, 8);
  });

  test("solves the balance equations: two at a time, by hand at λ = μ", () => {
    // r³ - 2r + 1 = (r - 1)(r² + r - 1): r = (√5 - 1)/2; A = 1/(1 + 1/(1 - r)); busy A/(1 - r); wait busy/(1 - r²).
    const r = (Math.sqrt(5) - 1) / 2;
    const busy = 1 / (1 + 1 / (1 - r)) / (1 - r);
    const queue = bulkService(1, 1, 2);
    expect(queue.utilization).toBeCloseTo(busy, 12);
    expect(queue.meanWaitS).toBeCloseTo(busy / (1 - r * r), 12);
  });

  test.each([
    [3, 4],
    [6, 8],
  ])("a simulation at λ s = %d in batches of up to %i agrees", (load, most) => {
    const queue = bulkService(load, 1, most);
    const samples = runs.map((seed) => bulkWaits(load, exponential, most, seed));
    const means = samples.map((sample) => sample.reduce((a, b) => a + b, 0) / sample.length);
    expectInside(queue.meanWaitS, means, 0.08);
    expectInside(
      queue.waitQuantileS(0.99),
      samples.map((sample) => quantile(sample, 0.99)),
      0.2,
    );
    const constant = runs.map((seed) => {
      const sample = bulkWaits(load, () => 1, most, seed);
      return sample.reduce((a, b) => a + b, 0) / sample.length;
    });
    expectInside(bulkConstantServiceWaitS(load, 1, most), constant, 0.06);
  });

  test("is stable up to b a service time", () => {
    expect(bulkService(4, 1, 4).stable).toBe(false);
    expect(bulkConstantServiceWaitS(4, 1, 4)).toBe(Number.POSITIVE_INFINITY);
  });
});
