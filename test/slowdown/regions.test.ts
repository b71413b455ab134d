import { SeededRandom } from "../../src/math/index.ts";
import {
  GaussianResidual,
  type LatticeColumns,
  REGIONS,
  Regions,
  type ResidualEstimator,
  type ResidualObservation,
  Trend,
} from "../../src/slowdown/index.ts";

/** Ten values of one knob (radius .35·10 = 3.5 steps) by five delays. */
const lengths = [10, 5];
const positions = new Float64Array(10 * 5 * 2);
for (let i = 0; i < 50; i++) positions.set([Math.floor(i / 5), i % 5], 2 * i);
const columns: LatticeColumns = {
  positions,
  configurations: 50,
  lengths,
  wide: [false, true],
  delayKnob: 1,
  batchKnob: -1,
  batchValues: [],
  trend: [{ values: new Float64Array(50).fill(1), spread: 0.25 }],
};

function observation(index: number, value: number, weight = 1): ResidualObservation {
  return { positions: positions.slice(2 * index, 2 * index + 2), index, near: index, value, weight };
}

const at = (knob: number, delay: number): number => 5 * knob + delay;

test("one observation informs its region by (1 - d²)², its siblings more, and nothing beyond", () => {
  const regions = new Regions(columns, { ...REGIONS, trend: false });
  regions.add(observation(at(4, 2), 0.3));
  // Ridge mean of one observation: w·y/(w + s²/p²), s² = .1², p = .25.
  const trend = 0.3 / (1 + 0.01 / 0.0625);
  const kernel = (1 - (2 / 3.5) ** 2) ** 2;
  const region = (kernel * (0.3 - trend)) / (0.2 + kernel);
  expect(regions.mean(at(6, 2))).toBeCloseTo(trend + region, 9);
  expect(regions.doubt(at(6, 2))).toBeCloseTo(1 / (1 + 2.5 * kernel), 9);
  expect(regions.mean(at(8, 2))).toBeCloseTo(trend, 9);
  expect(regions.doubt(at(8, 2))).toBe(1);
  expect(Math.abs(regions.mean(at(4, 3)) - 0.3)).toBeLessThan(Math.abs(regions.mean(at(5, 3)) - 0.3));
  expect(regions.doubt(at(4, 3))).toBeLessThan(regions.doubt(at(5, 3)));
});

test.each<[string, () => ResidualEstimator]>([
  ["regions", () => new Regions(columns, REGIONS)],
  ["a Gaussian process", () => new GaussianResidual(columns, { lengthScale: 0.35, noiseVariance: 0.05 })],
])("%s: fitting at once and adding one by one are the same to the last bit", (_, make) => {
  const random = new SeededRandom(3);
  const observations = Array.from({ length: 12 }, () => observation(Math.floor(50 * random.next()), random.next()));
  const [straight, restored] = [make(), make()];
  for (const one of observations) straight.add(one);
  restored.fit(observations);
  for (let i = 0; i < 50; i++) {
    expect(restored.mean(i)).toBe(straight.mean(i));
    expect(restored.doubt(i)).toBe(straight.doubt(i));
  }
});

test("a Gaussian process told a value again with another weight starts over", () => {
  const process = new GaussianResidual(columns, { lengthScale: 0.35, noiseVariance: 0.05 });
  process.add(observation(7, 1));
  process.fit([observation(7, 1, 4)]);
  // One observation of variance .05/4 on a prior of variance 1.
  expect(process.mean(7)).toBeCloseTo(1 / (1 + 0.0125), 6);
  expect(process.doubt(7)).toBeCloseTo(1 - 1 / (1 + 0.0125), 6);
});

test("a trend is the ridge regression on its features", () => {
  const x = Float64Array.of(-1, 0, 1, 2);
  const trend = new Trend([
    { values: new Float64Array(4).fill(1), spread: 1000 },
    { values: x, spread: 1000 },
  ]);
  // Spreads this wide leave ordinary least squares: y = .5 + .2·x exactly.
  for (const value of x) trend.add([1, value], 0.5 + 0.2 * value, 1);
  trend.solve();
  for (const [i, value] of x.entries()) expect(trend.at(i)).toBeCloseTo(0.5 + 0.2 * value, 6);
});

test("a narrow spread keeps a coefficient near zero", () => {
  const trend = new Trend([{ values: Float64Array.of(1), spread: 0.1 }]);
  trend.add([1], 0.4, 1);
  trend.solve();
  // w·y/(w + s²/p²) with s = p = .1.
  expect(trend.at(0)).toBeCloseTo(0.2, 9);
});
