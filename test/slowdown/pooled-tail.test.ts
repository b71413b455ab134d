import { normal, quantile, SeededRandom } from "../../src/math/index.ts";
import { logLatencyAt, pooledLogLatency, shiftedTail, type WindowTail, windowTail } from "../../src/slowdown/index.ts";

const exact = { missRatio: 0, resolution: 0 };

/** A window's tail as its metrics tell it. */
function tailOf(latenciesMs: Float64Array): WindowTail {
  const meanMs = latenciesMs.reduce((sum, ms) => sum + ms, 0) / latenciesMs.length;
  const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((p) => quantile(latenciesMs, p)) as [number, number, number];
  return windowTail({ ...exact, meanMs, p50Ms, p95Ms, p99Ms, objectiveMs: p99Ms }, 0.99);
}

/** Log-normal latencies around `medianMs`. */
function sampled(medianMs: number, spread: number, random: SeededRandom): Float64Array {
  return Float64Array.from({ length: 4000 }, () => medianMs * Math.exp(spread * normal(random)));
}

test("windows of very different lateness: within 3 % of the percentile of all requests", () => {
  const random = new SeededRandom(3);
  const windows = Array.from({ length: 40 }, () =>
    sampled(100 * Math.exp(0.4 * normal(random)), 0.15 + 0.3 * random.next(), random),
  );
  const all = Float64Array.from(windows.flatMap((window) => [...window]));
  const pooled = pooledLogLatency(windows.map(tailOf), 0.01);
  expect(Math.abs(pooled - Math.log(quantile(all, 0.99)))).toBeLessThan(0.03);
});

test("one drowned window of a hundred counts as one of a hundred, however late it was", () => {
  const random = new SeededRandom(4);
  const windows = Array.from({ length: 99 }, () => sampled(100, 0.1, random));
  const drowned = (times: number): WindowTail => shiftedTail(tailOf(sampled(100, 0.1, random)), Math.log(times));
  const calm = windows.map(tailOf);
  const at = (times: number): number => Math.exp(pooledLogLatency([...calm, drowned(times)], 0.015));
  // All of the drowned window's requests are late: that leaves 0.5 % of 99 windows' for the rest.
  const rest = Float64Array.from(windows.flatMap((window) => [...window]));
  expect(at(10)).toBeCloseTo(at(1000), 6);
  expect(at(10) / quantile(rest, 1 - 0.5 / 99)).toBeCloseTo(1, 1);
});

test("a window alone has its own percentile, and shifting a tail shifts it", () => {
  const latency = { ...exact, meanMs: 60, p50Ms: 50, p95Ms: 90, p99Ms: 120, objectiveMs: 100 };
  const tail = windowTail(latency, 0.98);
  expect(tail).toHaveLength(4);
  expect(Math.exp(pooledLogLatency([tail], 0.02))).toBeCloseTo(100, 6);
  expect(Math.exp(logLatencyAt(shiftedTail(tail, Math.log(2)), 0.01))).toBeCloseTo(240, 6);
  // Log share is linear in log latency: from 5 % at 90 to 2 % at 100.
  const between = Math.exp(Math.log(90) + (Math.log(0.05 / 0.03) / Math.log(0.05 / 0.02)) * Math.log(100 / 90));
  expect(Math.exp(logLatencyAt(tail, 0.03))).toBeCloseTo(between, 6);
});

test("percentiles that a histogram's bucket makes one are told apart, and nothing is lost", () => {
  const flat = { ...exact, meanMs: 5, p50Ms: 5, p95Ms: 5, p99Ms: 5, objectiveMs: 5 };
  const pooled = pooledLogLatency([windowTail(flat, 0.99), windowTail(flat, 0.99)], 0.01);
  expect(Math.exp(pooled)).toBeCloseTo(5, 1);
});

test("a window that shows no latency at all still has a tail", () => {
  const none = { ...exact, meanMs: 0, p50Ms: 0, p95Ms: 0, p99Ms: 3, objectiveMs: 3 };
  expect(Math.exp(pooledLogLatency([windowTail(none, 0.99), windowTail(none, 0.99)], 0.01))).toBeCloseTo(3, 6);
});
