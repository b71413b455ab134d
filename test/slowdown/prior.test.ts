import type { ProfilePoint } from "../../src/core/index.ts";
import { SeededRandom } from "../../src/math/index.ts";
import { fitService, fittedServiceMs, LatencyTable, type TailQuery, tailLatencyMs } from "../../src/slowdown/index.ts";

function points(serviceMs: (batch: number, threads: number) => number): ProfilePoint[] {
  return [1, 16].flatMap((intraOpThreads) =>
    [1, 8, 32].map((batch) => ({ host: "host", intraOpThreads, batch, serviceMs: serviceMs(batch, intraOpThreads) })),
  );
}

test("six points of the fitted form give back its three parameters", () => {
  const fit = fitService(points((batch, threads) => batch * (40 / threads + 3) + 7));
  expect(fit.parallelMs).toBeCloseTo(40, 6);
  expect(fit.serialMs).toBeCloseTo(3, 6);
  expect(fit.fixedMs).toBeCloseTo(7, 6);
  expect(fittedServiceMs(fit, 4, 2.5)).toBeCloseTo(2.5 * (40 / 4 + 3) + 7, 6);
});

test("no parameter is negative, whatever was measured, and no scaled copy of the fit is better", () => {
  const random = new SeededRandom(4);
  for (let i = 0; i < 50; i++) {
    const measured = points((batch) => batch ** 0.7 * (20 + 80 * random.next()));
    const fit = fitService(measured);
    const error = (scale: number): number =>
      measured.reduce((sum, point) => {
        const fitted = scale * fittedServiceMs(fit, point.intraOpThreads ?? 1, point.batch);
        return sum + ((fitted - point.serviceMs) / point.serviceMs) ** 2;
      }, 0);
    expect(Math.min(fit.parallelMs, fit.serialMs, fit.fixedMs)).toBeGreaterThanOrEqual(0);
    expect(error(1)).toBeLessThanOrEqual(Math.min(error(1.01), error(0.99)) + 1e-12);
  }
});

test("without points there is nothing to fit", () => {
  expect(() => fitService([])).toThrow(/at least one profiled point/);
});

const query: TailQuery = {
  rateRps: 50,
  instances: 4,
  maxBatch: 1,
  maxDelayMs: 0,
  serviceMs: () => 50,
  scale: 1,
  percentile: 0.99,
  sloMs: 300,
};

test("an idle machine serves in its service time, and overload costs many SLOs", () => {
  expect(tailLatencyMs({ ...query, rateRps: 0.01 })).toBeCloseTo(50, 0);
  expect(tailLatencyMs({ ...query, rateRps: 200 })).toBeGreaterThan(4 * 300);
});

test("functions wait for company and then for themselves", () => {
  const functions = { ...query, instances: Infinity, maxBatch: 4, maxDelayMs: 100, serviceMs: (b: number) => 20 * b };
  // 1 request per second: nobody comes within the delay, so the first waits nearly all of it for a batch of about one.
  expect(tailLatencyMs({ ...functions, rateRps: 1 })).toBeCloseTo(20 * (1 + 1.15 * 0.001 * 100) + 0.97 * 100, 6);
});

test("the table's inverse undoes it, inside the grid and not beyond", () => {
  const table = new LatencyTable(1, (_, z) => Math.log(tailLatencyMs({ ...query, scale: Math.exp(z) })), {
    reach: 1.2,
    step: 0.1,
  });
  for (let z = -1.15; z < 1.2; z += 0.05) expect(table.inverse(0, table.at(0, z))).toBeCloseTo(z, 9);
  expect(table.inverse(0, -100)).toBe(-1.2);
  expect(table.inverse(0, 100)).toBe(1.2);
});

test("a table increases even where the model does not", () => {
  const table = new LatencyTable(1, (_, z) => (z > 0 ? 1 : 2), { reach: 1, step: 0.25 });
  for (let z = -1; z < 0.9; z += 0.1) expect(table.at(0, z + 0.1)).toBeGreaterThan(table.at(0, z));
  expect(table.slope(0, 0.5)).toBeCloseTo(0.005 / 0.25, 9);
});
