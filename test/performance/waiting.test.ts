import fc from "fast-check";
import { waiting } from "../../src/performance/waiting.ts";
import { erlangB } from "../../src/queueing/index.ts";

const never = Number.POSITIVE_INFINITY;

test("M/M/1: wait with probability ρ, mean ρ s/(1 - ρ), exponential when waiting", () => {
  // ρ = 0.8, s = 0.1: mean wait 0.8 · 0.1/0.2 = 0.4; when waiting exponential with mean 0.5.
  const queue = waiting({ servers: 1, serviceS: 0.1, rateRps: 8, variability: 1, patienceS: never });
  expect(queue.waits).toBeCloseTo(0.8, 9);
  expect(queue.meanS).toBeCloseTo(0.4, 9);
  expect(queue.quantileS(0.5)).toBeCloseTo(0.5 * Math.LN2, 9);
  expect(queue.utilization).toBeCloseTo(0.8, 9);
  expect(queue.balked).toBe(0);
});

test("M/M/c: the share that waits is Erlang C", () => {
  // c = 3, a = 2: B = (8/6)/(1 + 2 + 2 + 8/6) = 0.21053; C = B/(1 - (2/3)(1 - B)) = 4/9.
  const queue = waiting({ servers: 3, serviceS: 1, rateRps: 2, variability: 1, patienceS: never });
  expect(queue.waits).toBeCloseTo(4 / 9, 9);
  // Mean wait C s/(c - a) = 4/9.
  expect(queue.meanS).toBeCloseTo(4 / 9, 9);
});

test("half the variability is half the wait: M/D/1 by Pollaczek and Khinchine", () => {
  const queue = waiting({ servers: 1, serviceS: 0.1, rateRps: 8, variability: 0.5, patienceS: never });
  expect(queue.meanS).toBeCloseTo((0.8 * 0.1) / (2 * 0.2), 9);
});

test("without patience it is Erlang's loss system", () => {
  for (const [servers, rateRps] of [
    [1, 0.5],
    [4, 3],
    [10, 14],
  ] as const) {
    const queue = waiting({ servers, serviceS: 1, rateRps, variability: 1, patienceS: 0 });
    expect(queue.balked).toBeCloseTo(erlangB(servers, rateRps), 9);
    expect(queue.meanS).toBe(0);
  }
});

test("overloaded with patience, what is served is what the servers can, and waits are near the limit", () => {
  // a = 30 on 10 servers: a third is served once the wait stands at the limit.
  const queue = waiting({ servers: 10, serviceS: 1, rateRps: 30, variability: 1, patienceS: 5 });
  expect(queue.stable).toBe(true);
  expect(queue.balked).toBeCloseTo(2 / 3, 3);
  expect(queue.utilization).toBeCloseTo(1, 3);
  expect(queue.quantileS(0.01)).toBeGreaterThan(4);
  expect(queue.quantileS(1)).toBeLessThanOrEqual(5);
});

test("flow is conserved: what stays is what keeps the servers busy", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.double({ min: 0.05, max: 3, noNaN: true }),
      fc.double({ min: 0, max: 10, noNaN: true }),
      (servers, load, patienceS) => {
        const queue = waiting({ servers, serviceS: 1, rateRps: load * servers, variability: 1, patienceS });
        expect(queue.utilization).toBeCloseTo(load * (1 - queue.balked), 6);
        expect(queue.quantileS(1)).toBeLessThanOrEqual(patienceS + 1e-9);
      },
    ),
  );
});

test("no end to the wait is said, and so is the absence of servers", () => {
  expect(waiting({ servers: 2, serviceS: 1, rateRps: 2.5, variability: 1, patienceS: never }).stable).toBe(false);
  expect(waiting({ servers: 0, serviceS: 1, rateRps: 1, variability: 1, patienceS: never }).stable).toBe(false);
  expect(waiting({ servers: 0, serviceS: 1, rateRps: 1, variability: 1, patienceS: 3 }).balked).toBe(1);
});
