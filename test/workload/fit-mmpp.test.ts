import { existsSync } from "node:fs";
import { join } from "node:path";
import { mapDispersion, mapRateRps, mmpp, SeededRandom } from "../../src/math/index.ts";
import {
  type BinnedCounts,
  binnedCounts,
  type CountsCut,
  countArrivals,
  dispersionAt,
  FIT_WINDOWS_S,
  fitTrace,
  markovModulated,
  mmpp2Of,
  poisson,
  readTrace,
} from "../../src/workload/index.ts";

function synthetic(seed: number): BinnedCounts {
  return countArrivals(markovModulated([20, 90], [30, 12], 20_000), new SeededRandom(seed));
}

describe("a two-state MMPP from its dispersion", () => {
  test("has the rate, amplitude and decay it is made from, whatever the share of time in the high state", () => {
    for (const share of [0.05, 0.3, 0.6]) {
      const model = mmpp2Of(40, 15, 0.2, share);
      const map = mmpp(model.ratesRps, model.meanSojournS);
      expect(mapRateRps(map)).toBeCloseTo(40, 10);
      for (const t of [0.5, 5, 50]) {
        const x = 0.2 * t;
        expect(mapDispersion(map, t)).toBeCloseTo(1 + 15 * (1 - (1 - Math.exp(-x)) / x), 8);
      }
    }
  });
});

describe("fitting counts of a known MMPP", () => {
  const whole = synthetic(1);
  const fit = fitTrace(whole);

  test("the likeliest states are the true ones", () => {
    const { ratesRps, meanSojournS } = fit.likelihood.model;
    expect(ratesRps[0] / 20).toBeCloseTo(1, 1);
    expect(ratesRps[1] / 90).toBeCloseTo(1, 1);
    // 476 cycles: a mean stay is known to 1/√476 = 5 %.
    expect(Math.abs(meanSojournS[0] / 30 - 1)).toBeLessThan(0.2);
    expect(Math.abs(meanSojournS[1] / 12 - 1)).toBeLessThan(0.2);
  });

  test("the matched model has the trace's dispersion, and the trace's rate", () => {
    expect(fit.matched?.worstAbsRelative).toBeLessThan(0.05);
    const model = fit.matched?.model ?? { ratesRps: [0, 0], meanSojournS: [1, 1] };
    expect(mapRateRps(mmpp(model.ratesRps, model.meanSojournS))).toBeCloseTo(fit.poisson.rateRps, 8);
  });

  test("no model of a plain grid over the family comes closer", () => {
    expect(fit.matched?.worstAbsRelative).toBeLessThanOrEqual((fit.grid?.worstAbsRelative ?? 0) + 1e-6);
  });

  test("the likeliest is at least as likely as the matched, and both than Poisson", () => {
    expect(fit.likelihood.logLikelihoodPerBin).toBeGreaterThanOrEqual(fit.matched?.logLikelihoodPerBin ?? 0);
    expect(fit.matched?.logLikelihoodPerBin).toBeGreaterThan(fit.poisson.logLikelihoodPerBin);
  });

  test("the errors it tells are those between model and trace", () => {
    for (const { windowS, trace, model, relativeError } of fit.matched?.dispersion ?? []) {
      expect(trace).toBe(dispersionAt(whole, windowS));
      expect(relativeError).toBeCloseTo(model / (trace ?? Number.NaN) - 1, 12);
    }
  });

  test("missing bins change little: they say nothing", () => {
    const missing = whole.missing.map((_, bin) => (bin % 1000 < 100 ? 1 : 0));
    const counts = whole.counts.map((count, bin) => (missing[bin] ? 0 : count));
    const { ratesRps } = fitTrace({ ...whole, counts, missing }).likelihood.model;
    expect(ratesRps[0] / 20).toBeCloseTo(1, 1);
    expect(ratesRps[1] / 90).toBeCloseTo(1, 1);
  });
});

test("counts that vary no more than Poisson need no second state", () => {
  const even: BinnedCounts = {
    binS: 1,
    counts: new Float64Array(5000).fill(7),
    missing: new Uint8Array(5000),
    counted: true,
  };
  const fit = fitTrace(even);
  expect(fit.matched).toBeNull();
  expect(fit.grid).toBeNull();
  expect(fit.poisson.rateRps).toBe(7);
});

test("rates, and silence, are refused: they tell no counts to fit", () => {
  const trace: BinnedCounts = { binS: 1, counts: new Float64Array(50), missing: new Uint8Array(50), counted: true };
  expect(() => fitTrace(trace)).toThrow(/at least one request/);
  expect(() => fitTrace({ ...trace, counted: false })).toThrow(/found rates/);
});

test("bins of a minute are judged at 1, 10 and 100 minutes", () => {
  const fit = fitTrace(countArrivals(markovModulated([2, 9], [3000, 1200], 400_000), new SeededRandom(2), 60));
  expect(fit.matched?.dispersion.map((one) => one.windowS)).toEqual([60, 600, 6000]);
  expect(fit.matched?.worstAbsRelative).toBeLessThan(0.15);
});

test("Poisson counts are fitted by a nearly Poisson model", () => {
  const fit = fitTrace(countArrivals(poisson(50, 20_000), new SeededRandom(3)));
  expect(fit.poisson.worstAbsRelative).toBeLessThan(0.2);
  expect(fit.matched?.worstAbsRelative ?? 0).toBeLessThan(0.15);
});

const data = process.env["TRIMTAB_DATA"] ?? "";
const measured: [string, string, CountsCut][] = [
  ["an hour of a chat service", "azure-llm-2023/conv_requests.csv.gz", {}],
  ["an hour of a code service", "azure-llm-2023/code_requests.csv.gz", {}],
  ["2 days of a tweet stream", "twitter-2021-08/per_second.csv.gz", { missingAfterS: 10, durationS: 172_800 }],
];
const here = measured.filter(([, path]) => data !== "" && existsSync(join(data, path)));

// Measured traces do not ship; where they are at hand, the fit is held to them too.
for (const [name, path, cut] of here) {
  test(`${name}: dispersion within 15 % at 1, 10 and 100 s`, async () => {
    const fit = fitTrace(binnedCounts(await readTrace(join(data, path)), cut));
    expect(fit.matched?.dispersion.map((one) => one.windowS)).toEqual(FIT_WINDOWS_S);
    expect(fit.matched?.worstAbsRelative).toBeLessThan(0.15);
  });
}
